import { playLong } from './long-form.js';
import { readOptions, type Plan } from './options.js';
import { playOne } from './one-round.js';

let plan: Plan | string;
try {
  plan = readOptions(process.argv.slice(2));
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
}
if (typeof plan === 'string') {
  console.log(plan);
  process.exit(0);
}
process.exit((await (plan.form === 'long' ? playLong(plan) : playOne(plan))).isOk ? 0 : 1);
