/** `node scripts/run.mjs <tool> ...`: a locally installed tool, on a bootstrapped workspace. `build` compiles. */
import { build, ensureInstalled } from './bootstrap.mjs';
import { handOver, main, ScriptError, tool } from './process.mjs';

await main(async () => {
  const [name, ...args] = process.argv.slice(2);
  if (name === undefined) throw new ScriptError('usage: node scripts/run.mjs build | <tool> [arguments]');
  await ensureInstalled();
  if (name !== 'build') return handOver(tool(name), args);
  const { code, output } = await build();
  process.stdout.write(output);
  return code;
});
