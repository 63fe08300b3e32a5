import { readFileSync } from 'node:fs';
import { AppError } from '@nexus/core';

/** The text of a file of the configuration. Throws AppError `config_invalid` that says what to do. */
export function readConfigFile(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new AppError('config_invalid', `${file} cannot be read. Restore it, or set NEXUS_CONFIG_DIR to the folder that has it.`, { cause: error });
  }
}
