import { readConfig } from './config.js';
import { startDemoModel } from './demo-model.module.js';

try {
  const model = await startDemoModel(readConfig());
  process.stdout.write(`demo model: answers by fixed rules, no AI; listening at ${model.url}\n`);
  const stop = (): void => {
    // A second signal does not wait for answers under way.
    process.once('SIGTERM', () => process.exit(1)).once('SIGINT', () => process.exit(1));
    void model.close().then(() => process.exit(0));
  };
  process.once('SIGTERM', stop).once('SIGINT', stop);
} catch (error) {
  process.stderr.write(`demo model: cannot start: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
