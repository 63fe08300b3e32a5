import { readConfig } from './config.js';
import { startLocalModel } from './local-model.module.js';

try {
  const config = readConfig();
  const model = await startLocalModel(config);
  process.stdout.write(`local model: ${config.name}, a conversation has room for ${model.contextTokens} tokens; listening at ${model.url}\n`);
  const stop = (): void => {
    // A second signal does not wait for answers under way.
    process.once('SIGTERM', () => process.exit(1)).once('SIGINT', () => process.exit(1));
    void model.close().then(() => process.exit(0));
  };
  process.once('SIGTERM', stop).once('SIGINT', stop);
} catch (error) {
  process.stderr.write(`local model: cannot start: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
