import type { CliConfig, Environment } from './config.js';
import { DataFolder } from './data-folder.js';
import type { Gateway } from './gateway-client.js';
import type { Terminal } from './terminal.js';

/** What every command is given. */
export interface CliContext {
  readonly environment: Environment;
  readonly config: CliConfig;
  readonly folder: DataFolder;
  readonly terminal: Terminal;
  /** The gateway at `url`, or where it is found; throws AppError `no_key` when there is no key to ask it with. */
  gateway(options?: { readonly url?: string | undefined }): Promise<Gateway>;
}

export function createContext(environment: Environment, config: CliConfig, terminal: Terminal): CliContext {
  const folder = new DataFolder(config.dataDir);
  return {
    environment,
    config,
    folder,
    terminal,
    // Loaded when it is needed: `nexus --help` shall not wait for it.
    gateway: async (options = {}) => {
      const [{ connectGateway }, { findGateway }] = await Promise.all([import('./gateway-client.js'), import('./gateway-access.js')]);
      return connectGateway(findGateway(config, folder, options.url));
    },
  };
}
