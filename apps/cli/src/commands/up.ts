import type { Command } from 'commander';
import type { CliContext } from '../cli-context.js';
import { numberBetween } from './option-values.js';

interface UpOptions {
  readonly port?: number;
  readonly host?: string;
  readonly question: boolean;
}

/** `nexus up`: all of NEXUS in one process. */
export function addUp(parent: Command, context: CliContext): void {
  parent.command('up')
    .description('Start NEXUS in this process: its own Postgres, a Redis or its in-memory twin, every service, the gateway. `npm start` does this.')
    .option('--port <port>', 'port of the gateway (default: NEXUS_PORT, else 8080)', numberBetween(0, 65_535))
    .option('--host <address>', 'address that the gateway listens on (default: NEXUS_HOST, else 127.0.0.1)')
    .option('--no-question', 'do not ask the first question')
    .addHelpText('after', `
What it keeps is in NEXUS_DATA_DIR (.nexus); .env is read. REDIS_URL and DATABASE_URL are used where they are set. With TELEGRAM_BOT_TOKEN
or DISCORD_BOT_TOKEN it runs that bot too.

Examples:
  nexus up
  NEXUS_PORT=8081 nexus up
  npm start -- --port 8081`)
    .action(async (options: UpOptions) => {
      const { up } = await import('../embedded/up.js');
      const { config } = context;
      await up({ ...context, config: { ...config, port: options.port ?? config.port, host: options.host ?? config.host } }, { asksQuestion: options.question });
    });
}
