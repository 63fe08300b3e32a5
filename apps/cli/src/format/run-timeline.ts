import { fromJsonString } from '@bufbuild/protobuf';
import { RunStatus, StoredRunEventSchema, type GetRunResponse, type Part, type Routing, type Run, type RunEvent, type Spend, type StoredRunEvent } from '@nexus/contracts';
import { formatUsd } from '@nexus/core';
import { groupDigits } from './count.js';
import { formatDuration } from './duration.js';
import { timeBar, timingOf } from './event-timing.js';
import { harmless, oneLine } from './one-line.js';
import { describeError, describeUsage } from './run-summary.js';
import { table } from './table.js';
import { utcTime } from './utc-time.js';

const LONGEST_TEXT = 100;
const COLUMNS = [...['AFTER', 'STEP', 'WAITED', 'WORKED', 'COST'].map((title) => ({ title, align: 'right' as const })), { title: 'TIMELINE' }, { title: 'WHAT' }];

/**
 * A run as it was stored: what it is, a line for each thing that happened to it with how long it waited, how long it took and what it cost, drawn
 * along the run as a trace is; its answer, and what it took.
 */
export function runTimeline({ run, events, answer }: GetRunResponse): string[] {
  if (run === undefined) return ['(the answer holds no run)'];
  const lastAt = events.reduce((latest, { createdAt }) => (createdAt > latest ? createdAt : latest), run.finishedAt);
  const rows = events.flatMap((event) => rowsOf(event, run, Number(lastAt - run.createdAt)));
  const lines = [...heading(run), '', ...table(COLUMNS, rows)];
  if (answer !== undefined) lines.push('', ...(describeError(answer) === '' ? harmless(answer.text).split('\n') : [describeError(answer)]));
  return [...lines, '', describeUsage(answer?.usage ?? run.usage)];
}

function heading(run: Run): string[] {
  const began = utcTime(run.createdAt);
  const ended = run.finishedAt === 0n ? 'not over yet' : `took ${formatDuration(Number(run.finishedAt - run.createdAt))}`;
  return [
    `run ${run.id}: ${RunStatus[run.status]?.toLowerCase() ?? 'unknown'}, began ${began} UTC, ${ended}`,
    `agent ${run.agent}, thread ${run.threadId}, message ${run.messageId}`,
    ...(run.correlationId === '' || run.correlationId === run.messageId ? [] : [`correlation ${run.correlationId}`]),
    ...(run.traceId === '' ? [] : [`trace ${run.traceId}`]),
    ...(run.forkedFrom === undefined ? [] : [`forked from run ${run.forkedFrom.runId} after step ${run.forkedFrom.step}`]),
  ];
}

function rowsOf(event: RunEvent, run: Run, totalMs: number): string[][] {
  const afterMs = Number(event.createdAt - run.createdAt);
  const lines = eventLines(event);
  const timing = timingOf(stored(event), event, run);
  const told = (ms: number | undefined): string => (ms === undefined ? '' : formatDuration(ms));
  const cost = event.costMicroUsd === 0n && !event.kind.startsWith('model') ? '' : formatUsd(Number(event.costMicroUsd));
  const first = [`+${formatDuration(afterMs)}`, event.step > 0 ? String(event.step) : '', told(timing.waitedMs), told(timing.workedMs), cost, timeBar(timing, afterMs, totalMs)];
  return lines.map((line, i) => [...(i === 0 ? first : first.map(() => '')), line]);
}

/** What happened, in words: one line, then why that model where there is something to say, and each tool call that could not be made. */
export function eventLines(event: RunEvent): string[] {
  return linesOf(stored(event)) ?? [event.kind.replaceAll('_', ' ')];
}

/** Undefined for an event that this version cannot read. */
function stored(event: RunEvent): StoredRunEvent['event'] | undefined {
  try {
    return fromJsonString(StoredRunEventSchema, event.payloadJson, { ignoreUnknownFields: true }).event;
  } catch {
    return undefined;
  }
}

function linesOf(event: StoredRunEvent['event'] | undefined): string[] | undefined {
  switch (event?.case) {
    case 'accepted': {
      const { request } = event.value;
      const held = `a conversation of ${request?.history.length ?? 0} messages`;
      const words = request?.text || (request?.forkedFrom === undefined ? held : `${held}, to go on from`);
      return [`accepted from ${request?.surface || 'an unknown surface'}: ${oneLine(words, LONGEST_TEXT)}`];
    }
    case 'started':
      return ['started: the runs before it in its thread are over'];
    case 'modelAnswered': {
      const { message, spend, invalidCalls, routing } = event.value;
      const repairs = invalidCalls.map((result) => `cannot be called: ${oneLine(result.text, LONGEST_TEXT)}`);
      return [`${modelOf(spend)} ${(message?.parts ?? []).map(wordsOf).filter((words) => words !== '').join('; ') || 'answered nothing'}${tokensOf(spend)}`, ...routingLines(routing), ...repairs];
    }
    case 'modelFailed':
      return [`${modelOf(event.value.spend)} failed: ${event.value.error?.message ?? 'no reason given'} [${event.value.error?.code ?? 'internal'}]`, ...routingLines(event.value.routing)];
    case 'toolFinished': {
      const { executed } = event.value;
      const how = executed?.error === undefined ? 'says' : `failed [${executed.error.code}]`;
      return [`tool ${executed?.result?.name ?? '?'} ${how}: ${oneLine(executed?.result?.text ?? '', LONGEST_TEXT)}`];
    }
    case 'finished':
      return [`ended from outside: ${event.value.error?.message ?? 'cancelled'}`];
    case undefined:
      return undefined;
  }
}

/** Why this model: a line when the choice was left to NEXUS, and one for each model before it. */
function routingLines(routing: Routing | undefined): string[] {
  if (routing === undefined) return [];
  const { requested, model, tier, confidence, reason, classifier, fallbacks, cache } = routing;
  const isChosen = tier !== '' || cache !== '' || fallbacks.length > 0;
  const sure = classifier === '' ? '' : `, ${Math.round(confidence * 100)}% sure by ${classifier === 'model' ? 'a model' : classifier === 'default' ? 'default' : 'the rules'}`;
  const how = `routed ${oneLine(requested, LONGEST_TEXT)} to ${oneLine(model, LONGEST_TEXT)}${tier === '' ? '' : ` (${tier}${sure})`}: ${oneLine(reason, LONGEST_TEXT)}${cache === '' ? '' : `, from the ${cache} cache`}`;
  return [...(isChosen ? [how] : []), ...fallbacks.map((tried) => `before it ${oneLine(tried.model, LONGEST_TEXT)}${tried.attemptId === '' ? ', passed over' : ''}: ${oneLine(tried.reason, LONGEST_TEXT)} [${tried.code}]`)];
}

function modelOf(spend: Spend | undefined): string {
  return spend === undefined ? 'model' : `model ${spend.provider}/${spend.model}`;
}

function tokensOf(spend: Spend | undefined): string {
  const usage = spend?.usage;
  if (usage === undefined) return '';
  const input = usage.input + usage.cacheRead + usage.cacheWrite;
  return `  (${usage.estimated ? 'about ' : ''}${groupDigits(input)} in, ${groupDigits(usage.output)} out)`;
}

function wordsOf({ kind }: Part): string {
  switch (kind.case) {
    case 'toolCall': return `calls ${kind.value.name} ${oneLine(kind.value.arguments, LONGEST_TEXT)}`;
    case 'text': return kind.value.trim() === '' ? '' : `says: ${oneLine(kind.value, LONGEST_TEXT)}`;
    case 'image': return 'shows an image';
    case 'reasoning': return 'thinks';
    case 'refusal': return `refuses: ${oneLine(kind.value, LONGEST_TEXT)}`;
    case 'toolResult':
    case undefined: return '';
  }
}
