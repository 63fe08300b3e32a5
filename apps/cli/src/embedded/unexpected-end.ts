import { join } from 'node:path';
import { AppError } from '@nexus/core';

/** A private server is gone although nobody stopped it. */
export function unexpectedEnd(name: string, how: string, folder: string): AppError {
  return new AppError('embedded_server_ended', `The private ${name} ${how} while NEXUS was running; NEXUS stops. What it wrote is in ${join(folder, 'server.log')}. Start NEXUS again: accepted runs go on.`);
}
