import type { Command } from 'commander';
import { AppError } from '@nexus/core';
import type { ChosenDeadLetters, CountedDeadLetters, DeadLetterChange } from '../change-dead-letters.js';
import type { CliContext } from '../cli-context.js';
import { Failure } from '../exit-code.js';
import { count } from '../format/count.js';
import { withUrl } from './agent-options.js';
import { withDeadLetterFilter, type DeadLetterFilterOptions } from './dead-letter-options.js';

interface ChangeOptions extends DeadLetterFilterOptions {
  readonly all?: boolean;
  readonly dryRun?: boolean;
  readonly yes?: boolean;
}

/** `nexus dead-letters replay`: published again, now that the cause is gone. */
export function addDeadLettersReplay(parent: Command, context: CliContext): void {
  const description = 'Publish messages again that could not be handled, the oldest first. What fails again becomes a dead letter again. Needs an admin key; --system, the service token.';
  addChange(parent, context, 'replay', description, '\nExamples:\n  nexus dead-letters replay 0192d8a0-...\n  nexus dead-letters replay --reason usage_price_missing --dry-run\n  nexus dead-letters replay --channel usage.recorded --yes');
}

/** `nexus dead-letters purge`: gone for good. */
export function addDeadLettersPurge(parent: Command, context: CliContext): void {
  const description = 'Delete messages that could not be handled, for good. Needs an admin key; --system, the service token.';
  addChange(parent, context, 'purge', description, '\nExamples:\n  nexus dead-letters purge 0192d8a0-...\n  nexus dead-letters purge --system --reason malformed_envelope --dry-run\n  nexus dead-letters purge --all --yes');
}

function addChange(parent: Command, context: CliContext, change: DeadLetterChange, description: string, examples: string): void {
  withUrl(withDeadLetterFilter(parent.command(change).argument('[ids...]', 'ids of dead letters; or choose them with the options below')))
    .description(description)
    .option('--all', 'all of them')
    .option('--system', 'entries that no tenant could be told for')
    .option('--dry-run', 'only say how many')
    .option('--yes', 'do not ask when there are more than one')
    .option('--json', 'print JSON instead')
    .addHelpText('after', examples)
    .action((ids: string[], options: ChangeOptions) => run(context, change, ids, options));
}

async function run(context: CliContext, change: DeadLetterChange, ids: readonly string[], options: ChangeOptions): Promise<void> {
  const { channel, reason, service, all } = options;
  const chosen: ChosenDeadLetters = { ids, channel, reason, service, all };
  requireChoice(chosen);
  const [{ deadLetterDesks }, { changeChosen, countChosen }, { changeLines, unansweredLines }] = await Promise.all([
    import('../dead-letter-desks.js'), import('../change-dead-letters.js'), import('../format/dead-letter-change.js'),
  ]);
  const desks = await deadLetterDesks(context, options);
  // An id is a letter's, whosever it is; a filter would mean both the tenant's and those of nobody known.
  const counted = await countChosen(ids.length > 0 ? desks : desks.slice(0, 1), change, chosen);
  const selected = counted.reduce((sum, each) => sum + each.selected, 0);
  const nobody = [...new Set(counted.flatMap(({ unanswered }) => unanswered))];
  const { terminal } = context;
  if (options.dryRun || selected === 0) {
    if (options.json) terminal.line(JSON.stringify({ selected, unanswered: nobody }));
    else terminal.lines([...(selected === 0 ? ['There is no such dead letter.'] : [`Would ${change} ${count(selected, 'dead letter')}.`]), ...unansweredLines(nobody)]);
    if (nobody.length > 0 || selected < ids.length) throw new Failure();
    return;
  }
  if (selected > 1 && !options.yes) await confirm(context, change, counted);
  const done = await changeChosen(counted, change, chosen);
  if (options.json) terminal.line(JSON.stringify({ selected, done: done.done, failures: done.failures.map(({ id, error }) => ({ id, code: error?.code, message: error?.message })), unanswered: done.unanswered }));
  else terminal.lines(changeLines(change, selected, done));
  if (!options.json && selected < ids.length) terminal.note(`Of the other ids there is no dead letter: ${ids.length - selected}.`);
  if (!options.json && change === 'replay') terminal.note('What fails again is a dead letter again: nexus dead-letters list');
  if (done.done < selected || done.unanswered.length > 0 || selected < ids.length) throw new Failure();
}

function requireChoice({ ids, channel, reason, service, all }: ChosenDeadLetters): void {
  const isFiltered = channel !== undefined || reason !== undefined || service !== undefined || all === true;
  if (ids.length === 0 && !isFiltered) throw new AppError('nothing_chosen', 'Which ones? Give ids, --channel, --reason, --service or --all.', { status: 400 });
  if (ids.length > 0 && isFiltered) throw new AppError('nothing_chosen', 'Give either ids or options that choose, not both.', { status: 400 });
}

async function confirm({ terminal }: CliContext, change: DeadLetterChange, counted: readonly CountedDeadLetters[]): Promise<void> {
  const { askLine } = await import('../prompt.js');
  const parts = counted.filter(({ selected }) => selected > 0).map(({ desk, selected }) => `${count(selected, 'dead letter')} of ${desk.whose === 'system' ? 'nobody known' : 'this tenant'}`);
  const answer = await askLine(terminal, `${change === 'replay' ? 'Replay' : 'Delete for good'} ${parts.join(' and ')}? (yes/no)`, '--yes');
  if (!/^y(es)?$/i.test(answer)) throw new AppError('not_confirmed', 'Nothing was done.');
}
