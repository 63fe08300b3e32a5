import { Command, CommanderError } from 'commander';
import { AppError } from '@nexus/core';
import type { CliContext } from './cli-context.js';
import { createContext } from './cli-context.js';
import { addAsk } from './commands/ask.js';
import { addAttemptsList } from './commands/attempts-list.js';
import { addAttemptsResolve } from './commands/attempts-resolve.js';
import { addBudgetsAlerts } from './commands/budgets-alerts.js';
import { addBudgetsDelete } from './commands/budgets-delete.js';
import { addBudgetsLift } from './commands/budgets-lift.js';
import { addBudgetsList } from './commands/budgets-list.js';
import { addBudgetsSet } from './commands/budgets-set.js';
import { addChannelsPublish } from './commands/channels-publish.js';
import { addChannelsTail } from './commands/channels-tail.js';
import { addChat } from './commands/chat.js';
import { addDeadLettersPurge, addDeadLettersReplay } from './commands/dead-letters-change.js';
import { addDeadLettersCount } from './commands/dead-letters-count.js';
import { addDeadLettersList } from './commands/dead-letters-list.js';
import { addDeadLettersShow } from './commands/dead-letters-show.js';
import { addConfigSet } from './commands/config-set.js';
import { addConfigShow } from './commands/config-show.js';
import { addDoctor } from './commands/doctor.js';
import { addKeysCreate } from './commands/keys-create.js';
import { addKeysList } from './commands/keys-list.js';
import { addKeysRevoke } from './commands/keys-revoke.js';
import { addPeopleAdd } from './commands/people-add.js';
import { addPeopleChats } from './commands/people-chats.js';
import { addPeopleCode } from './commands/people-code.js';
import { addPeopleList } from './commands/people-list.js';
import { addPeopleRelease } from './commands/people-release.js';
import { addPeopleRemove } from './commands/people-remove.js';
import { addPeopleUnlink } from './commands/people-unlink.js';
import { addPricesCheck } from './commands/prices-check.js';
import { addPricesShow } from './commands/prices-show.js';
import { addProvidersAdd } from './commands/providers-add.js';
import { addProvidersList } from './commands/providers-list.js';
import { addProvidersTest } from './commands/providers-test.js';
import { addRunsFork } from './commands/runs-fork.js';
import { addRunsReplay } from './commands/runs-replay.js';
import { addRunsShow } from './commands/runs-show.js';
import { addUp } from './commands/up.js';
import { addUsage } from './commands/usage.js';
import { addWebhooksAdd } from './commands/webhooks-add.js';
import { addWebhooksDeliveries } from './commands/webhooks-deliveries.js';
import { addWebhooksList } from './commands/webhooks-list.js';
import { addWebhooksRemove } from './commands/webhooks-remove.js';
import { addWebhooksReplay } from './commands/webhooks-replay.js';
import { addWebhooksDisable, addWebhooksEnable } from './commands/webhooks-switch.js';
import { addWebhooksTest } from './commands/webhooks-test.js';
import { readCliConfig, readEnvironment } from './config.js';
import { Failure, exitCodes } from './exit-code.js';
import { processTerminal } from './terminal.js';
import { version } from './version.js';

/** Runs one command line (without the program's own name) and resolves to its exit code; what went wrong was told on standard error. */
export async function runProgram(args: readonly string[]): Promise<number> {
  const terminal = processTerminal();
  try {
    const environment = readEnvironment();
    const context = createContext(environment, readCliConfig(environment), terminal);
    await createProgram(context).parseAsync([...args], { from: 'user' });
    return exitCodes.ok;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
    if (!(error instanceof Failure)) process.stderr.write(`${explain(error)}\n`);
    return exitCodes.failed;
  }
}

function createProgram(context: CliContext): Command {
  const program = new Command('nexus')
    .description('NEXUS answers every message exactly once, with the cheapest model that can do the job inside the budget.')
    .version(version)
    .exitOverride()
    // What stands behind a command is its own: `usage` and `usage events` have options of the same names.
    .enablePositionalOptions()
    .showSuggestionAfterError()
    .addHelpText('after', '\nIn the folder of NEXUS: npx nexus <command>\n\nExit codes: 0 done, 1 it did not succeed, 2 the command was not understood.\nKeys come from NEXUS_API_KEY, NEXUS_DEV_API_KEY or the data folder (NEXUS_DATA_DIR); .env is read.');
  addUp(program, context);
  addAsk(program, context);
  addChat(program, context);
  addDoctor(program, context);
  const runs = program.command('runs').description('Runs: what happened to a question.');
  addRunsShow(runs, context);
  addRunsReplay(runs, context);
  addRunsFork(runs, context);
  addUsage(program, context);
  const attempts = program.command('attempts').description('Model calls of which nobody knows yet what they cost.');
  addAttemptsList(attempts, context);
  addAttemptsResolve(attempts, context);
  const budgets = program.command('budgets').description('What may be spent: by everything, or by a client, project, user, key or agent.');
  addBudgetsList(budgets, context);
  addBudgetsSet(budgets, context);
  addBudgetsDelete(budgets, context);
  addBudgetsLift(budgets, context);
  addBudgetsAlerts(budgets, context);
  const keys = program.command('keys').description('API keys, and keys of surfaces such as Telegram.');
  addKeysCreate(keys, context);
  addKeysList(keys, context);
  addKeysRevoke(keys, context);
  const config = program.command('config').description("The tenant's settings.");
  addConfigShow(config, context);
  addConfigSet(config, context);
  const webhooks = program.command('webhooks').description('Addresses outside that are told what happens.');
  addWebhooksAdd(webhooks, context);
  addWebhooksList(webhooks, context);
  addWebhooksTest(webhooks, context);
  addWebhooksEnable(webhooks, context);
  addWebhooksDisable(webhooks, context);
  addWebhooksRemove(webhooks, context);
  addWebhooksDeliveries(webhooks, context);
  addWebhooksReplay(webhooks, context);
  const people = program.command('people').description('Who writes to bots: people, their accounts on surfaces, and the groups that they answer for.');
  addPeopleList(people, context);
  addPeopleAdd(people, context);
  addPeopleCode(people, context);
  addPeopleUnlink(people, context);
  addPeopleRemove(people, context);
  addPeopleChats(people, context);
  addPeopleRelease(people, context);
  const providers = program.command('providers').description('Providers of models.');
  addProvidersList(providers, context);
  addProvidersAdd(providers, context);
  addProvidersTest(providers, context);
  const prices = program.command('prices').description('What models cost.');
  addPricesCheck(prices, context);
  addPricesShow(prices, context);
  const channels = program.command('channels').description('The channels between surfaces and services, read and written directly on Redis.');
  addChannelsTail(channels, context);
  addChannelsPublish(channels, context);
  const deadLetters = program.command('dead-letters').description('Messages that could not be handled.');
  addDeadLettersList(deadLetters, context);
  addDeadLettersCount(deadLetters, context);
  addDeadLettersShow(deadLetters, context);
  addDeadLettersReplay(deadLetters, context);
  addDeadLettersPurge(deadLetters, context);
  return program;
}

/** For people: an AppError says what to do; anything else is a fault of NEXUS, shown with its place. */
function explain(error: unknown): string {
  if (error instanceof AppError && error.code !== 'internal') return `nexus: ${error.message}`;
  if (error instanceof AppError) return `nexus: ${error.message}${error.cause instanceof Error ? `\n${error.cause.stack}` : ''}`;
  return `nexus: unexpected error: ${error instanceof Error ? error.stack : String(error)}`;
}
