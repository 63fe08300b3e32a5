import { Outcome } from '@nexus/contracts';
import { AppError, formatUsd } from '@nexus/core';
import type { CliContext } from '../cli-context.js';
import { FIRST_QUESTION } from '../domain/first-question.js';
import { foundLines } from '../format/found.js';
import { reachableUrl, readyLines } from '../format/ready.js';
import { version } from '../version.js';
import { EndRequest, type EndReason } from './end-request.js';
import { startEmbedded, type EmbeddedNexus } from './start-embedded.js';
import { StopList } from './stop-list.js';

/** Everything is over this long after the end was asked for; whatever still hangs then goes with the process. */
const END_WITHIN_MS = 4_700;
const GRACE_MS = 1_500;
const LEAVE_WITHIN_MS = 50;
/** With one of these there is a bot to run. */
const BOT_TOKENS = ['TELEGRAM_BOT_TOKEN', 'DISCORD_BOT_TOKEN'];

/** `nexus up`: starts, shows, serves until Ctrl-C, ends. Throws what kept it from starting, or what broke it. */
export async function up(context: CliContext, options: { readonly asksQuestion: boolean }): Promise<void> {
  const { terminal, folder } = context;
  const stops = new StopList();
  const end = new EndRequest((times) => void hurry(stops, times));
  terminal.line(terminal.paint('bold', `NEXUS ${version}, embedded: everything in one process`));
  const serving = serve(context, stops, end, options.asksQuestion);
  // What fails after the end was asked for fails because of it.
  serving.catch(() => undefined);
  try {
    const reason = await Promise.race([serving.then(() => end.requested), end.requested]);
    announce(reason, context);
    await Promise.allSettled([stopAll(stops), serving]);
    if (reason.kind === 'broken') throw reason.error;
  } finally {
    await stopAll(stops);
    folder.tellStopped();
    // A trace on its way to a collector that does not answer must not hold up the end.
    setTimeout(() => process.exit(), LEAVE_WITHIN_MS).unref();
  }
}

async function serve(context: CliContext, stops: StopList, end: EndRequest, asksQuestion: boolean): Promise<void> {
  const { terminal, folder } = context;
  const nexus = await startEmbedded(context, stops, end);
  terminal.lines(['', ...foundLines(nexus.found), '']);
  if (asksQuestion) await showFirstQuestion(context, nexus, end.signal);
  if (end.signal.aborted) return;
  const url = reachableUrl(nexus.url);
  const { channels } = nexus.found;
  folder.tellRunning({ pid: process.pid, url, bus: nexus.bus.kind, ...(channels.kind === 'private' && { redisUrl: channels.url }) });
  terminal.lines(readyLines(url, nexus.found.key, FIRST_QUESTION));
  if (!BOT_TOKENS.some((name) => context.environment[name] !== undefined)) return;
  const { startAdapters } = await import('./start-adapters.js');
  await startAdapters(context, { ...nexus, url, signal: end.signal }, stops);
}

/** A question that is not answered is shown as such and does not keep NEXUS from serving: maybe the demo model was switched off. */
async function showFirstQuestion({ terminal }: CliContext, nexus: EmbeddedNexus, signal: AbortSignal): Promise<void> {
  terminal.lines(['First question, published to requests.incoming:', `  ${terminal.paint('bold', FIRST_QUESTION)}`]);
  let isLineOpen = false;
  const show = ({ kind, text }: { kind: string; text: string }): void => {
    if (kind === 'text') terminal.write(isLineOpen ? text : `  ${text}`);
    else terminal.line(terminal.paint(kind === 'error' ? 'red' : 'dim', `  ${text}`));
    isLineOpen = kind === 'text' && !text.endsWith('\n');
  };
  try {
    const { askFirstQuestion } = await import('./first-question.js');
    const { answer, traceId } = await askFirstQuestion({ ...nexus, show, signal });
    const outcome = answer.outcome === Outcome.ANSWERED ? `cost ${formatUsd(Number(answer.usage?.costMicroUsd ?? 0n))}` : 'the question was not answered; NEXUS serves all the same';
    terminal.lines([`  ${outcome}, trace ${traceId}`, '']);
  } catch (error) {
    if (signal.aborted) return;
    terminal.lines([terminal.paint('red', `  Not answered: ${AppError.from(error).message} NEXUS serves all the same.`), '']);
  }
}

function announce(reason: EndReason, { terminal }: CliContext): void {
  if (reason.kind === 'asked') terminal.line('\nStopping ...');
}

function stopAll(stops: StopList): Promise<unknown> {
  setTimeout(() => process.exit(1), END_WITHIN_MS).unref();
  return stops.end(GRACE_MS);
}

/** The second signal ends the private servers at once, the third one this process: then what watches over them ends them. */
async function hurry(stops: StopList, times: number): Promise<void> {
  if (times === 2) await stops.endNow();
  process.exit(1);
}
