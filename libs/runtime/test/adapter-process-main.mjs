/** An adapter that does nothing, as a process, for its test. */
import { adapterProcess, processEnvironment } from '@nexus/runtime';

await adapterProcess({ name: 'paper', environment: processEnvironment(), defaultPort: 0 }, async (own) => {
  const port = await own.listen(() => ({ isReady: true, open: 3, oldestOpenMs: 1_500 }));
  own.reports.count('answers');
  own.reports.answered(40);
  own.onStop(async () => void console.log('ended in good order'));
  console.log(`listens on ${port}`);
});
