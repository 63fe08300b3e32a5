import type { MessageInitShape } from '@bufbuild/protobuf';
import { FinishReason, IncomingRequestSchema, Progress, Role, type ExecuteTool } from '@nexus/contracts';
import type { ModelAnswer, ToolAnswer } from './neighbours.js';

type RequestInit = MessageInitShape<typeof IncomingRequestSchema>;
/** A random whole number from 0 up to, without, the given one. */
export type Pick = (below: number) => number;

/** What is asked, and how model and tools answer in the run that it begins. */
export interface Part {
  readonly request: RequestInit;
  /** By step (from 1) and try (from 0); undefined is never. */
  readonly model: (step: number, tryNumber: number) => ModelAnswer | undefined;
  readonly tool?: (call: ExecuteTool) => ToolAnswer | undefined;
}

/** What is done to a run from outside, once something is under way. */
export type Meddling = 'cancel' | 'cancel last' | 'fork' | 'results out of order' | 'results twice';

export interface Scenario {
  readonly parts: readonly Part[];
  readonly meddling?: Meddling;
  /** It is recorded while it waits. */
  readonly isLeft?: boolean;
}

const WORDS = ['rain', 'the sum', 'a river', 'Tokyo', 'noon', 'my order', 'the invoice', 'a poem', 'the largest one', 'all of them'];
const PROGRESS = [Progress.UNSPECIFIED, Progress.NONE, Progress.STEPS, Progress.PARTS];

const words = (pick: Pick): string => `What about ${WORDS[pick(WORDS.length)]} and ${WORDS[pick(WORDS.length)]}?`;
const request = (pick: Pick, more: RequestInit = {}): RequestInit => ({ text: words(pick), surface: 'web', progress: PROGRESS[pick(4)] ?? Progress.NONE, ...more });
const said = (pick: Pick): ModelAnswer => ({ text: `It is ${WORDS[pick(WORDS.length)]}.`, spend: spend(pick) });
const spend = (pick: Pick) => ({ provider: 'fake', model: 'fake-1', usage: { input: BigInt(10 + pick(2_000)), output: BigInt(1 + pick(300)) }, costMicroUsd: BigInt(pick(5_000)), durationMs: BigInt(pick(900)) });
const add = (pick: Pick) => ({ name: 'add', arguments: `{"a":${pick(100)},"b":${pick(100)}}` });
const now = { name: 'now', arguments: '{}' };
const calls = (pick: Pick, count: number): ModelAnswer => ({ calls: Array.from({ length: count }, () => (pick(3) === 0 ? now : add(pick))), spend: spend(pick) });
const failure = (code: string, more: object = {}): ModelAnswer => ({ error: { code, isRetryable: true, ...more } });
/** The answers of the steps in turn, whatever the try; the last one for all that follow. */
const inTurn = (...answers: readonly (ModelAnswer | undefined)[]): Part['model'] => (step) => answers[Math.min(step, answers.length) - 1];
/** The answers of the tries at the first step in turn, then that of all steps after it. */
const tries = (...answers: readonly (ModelAnswer | undefined)[]): Part['model'] => (step, tryNumber) => answers[step === 1 ? Math.min(tryNumber, answers.length - 1) : answers.length - 1];
const one = (part: Part, more: Omit<Scenario, 'parts'> = {}): Scenario => ({ parts: [part], ...more });
const asked = (pick: Pick, model: Part['model'], more: RequestInit = {}, tool?: Part['tool']): Part => ({ request: request(pick, more), model, ...(tool && { tool }) });
const soon = (waitMs: number): RequestInit => ({ deadlineMs: BigInt(Date.now() + waitMs) });
const silent = (): undefined => undefined;

function several(pick: Pick): Part['model'] {
  const steps = Array.from({ length: 1 + pick(3) }, () => calls(pick, 1));
  return inTurn(...steps, said(pick));
}

/** Messages of one chat, all at once: those after the first wait. */
function chat(pick: Pick, count: number, more: readonly Part[] = []): readonly Part[] {
  const chatId = `chat ${pick(1_000_000_000)}`;
  const parts = [...Array.from({ length: count }, () => asked(pick, pick(3) === 0 ? several(pick) : inTurn(said(pick)))), ...more];
  return parts.map((part) => ({ ...part, request: { ...part.request, chatId } }));
}

const invalid = (pick: Pick) => [{ name: 'add', arguments: '{"a":"two"}' }, { name: 'subtract', arguments: '{}' }, { name: 'add', arguments: 'no' }, { name: 'add', arguments: '{"a":1}' }][pick(4)] ?? now;

/** Each kind of run, how many of a thousand, and how one of them goes. */
export const kinds: Readonly<Record<string, { readonly share: number; readonly make: (pick: Pick) => Scenario }>> = {
  'plain': { share: 110, make: (pick) => one(asked(pick, inTurn(said(pick)))) },
  'plain, unusual': { share: 40, make: (pick) => one(asked(pick, inTurn([
    { text: 'Cut of', finishReason: FinishReason.LENGTH }, { text: 'Thought about.', thought: 'Hm.' }, { text: 'Look.', image: 'https://example.com/a.png' }, { text: 'Who knows.', spend: null },
    { text: 'About.', spend: { usage: { input: 9n, cacheRead: 4n, cacheWrite: 2n, output: 3n, reasoning: 1n, estimated: true }, costMicroUsd: 8n } },
  ][pick(5)]), { parameters: { temperature: 0.5, maxOutputTokens: 100n }, timezone: 'Asia/Tokyo', locale: 'ja', tags: { ticket: '7' } })) },
  'one tool a step': { share: 110, make: (pick) => one(asked(pick, several(pick))) },
  'parallel tools': { share: 110, make: (pick) => one(asked(pick, inTurn(calls(pick, 2 + pick(4)), said(pick)))) },
  'parallel tools, out of order': { share: 40, make: (pick) => one(asked(pick, inTurn(calls(pick, 3), said(pick)), {}, silent), { meddling: 'results out of order' }) },
  'parallel tools, results twice': { share: 20, make: (pick) => one(asked(pick, inTurn(calls(pick, 3), said(pick)), {}, silent), { meddling: 'results twice' }) },
  'failed tools': { share: 30, make: (pick) => one(asked(pick, inTurn(calls(pick, 1 + pick(3)), said(pick)), {}, () => ({ error: { code: 'tool_failed', message: 'It did not work.' } }))) },
  'calls in the text': { share: 25, make: (pick) => one(asked(pick, inTurn({ text: 'Let me see: {"tool": "add", "args": {"a": 20, "b": 22}}' }, said(pick)))) },
  'repairs': { share: 50, make: (pick) => one(asked(pick, inTurn({ calls: pick(2) === 0 ? [invalid(pick)] : [add(pick), invalid(pick)] }, ...(pick(2) === 0 ? [{ calls: [invalid(pick)] }] : []), calls(pick, 1), said(pick)))) },
  'repairs used up': { share: 20, make: (pick) => one(asked(pick, inTurn({ calls: [invalid(pick)] }))) },
  'retries': { share: 50, make: (pick) => one(asked(pick, tries(failure('overloaded'), ...(pick(2) === 0 ? [failure('provider_error')] : []), said(pick)))) },
  'retries, as long as the provider asks': { share: 10, make: (pick) => one(asked(pick, tries(failure('rate_limited', { retryAfterMs: 120n }), said(pick)))) },
  'retries used up': { share: 20, make: (pick) => one(asked(pick, inTurn(failure('overloaded')))) },
  'a wait that is too long': { share: 10, make: (pick) => one(asked(pick, inTurn(failure('rate_limited', { retryAfterMs: 60_000n })))) },
  'failed for good': { share: 25, make: (pick) => one(asked(pick, pick(2) === 0 ? inTurn(failure('invalid_request', { isRetryable: false })) : inTurn(calls(pick, 1), failure('context_length_exceeded', { isRetryable: false })))) },
  'interrupted': { share: 20, make: (pick) => one(asked(pick, tries({ error: { code: 'interrupted', isRetryable: pick(2) === 0 }, spend: spend(pick), parts: 3n }, said(pick)))) },
  'attempt unknown': { share: 30, make: (pick) => one(asked(pick, tries(failure('attempt_unknown'), ...(pick(3) === 0 ? [failure('attempt_unknown')] : []), said(pick)))) },
  'refused': { share: 30, make: (pick) => one(asked(pick, inTurn(failure(['budget_exceeded', 'model_not_found', 'provider_disabled'][pick(3)] ?? '', { isRetryable: false })))) },
  'budget gone under way': { share: 15, make: (pick) => one(asked(pick, inTurn(calls(pick, 1), failure('budget_exceeded', { isRetryable: false })))) },
  'empty answer': { share: 12, make: (pick) => one(asked(pick, inTurn({ text: ' ' }))) },
  'filtered': { share: 12, make: (pick) => one(asked(pick, inTurn({ text: '', finishReason: FinishReason.CONTENT_FILTER }))) },
  'step limit': { share: 25, make: (pick) => one(asked(pick, inTurn(calls(pick, 1 + pick(2))), { agent: ['default', 'short', 'single'][pick(3)] ?? '' })) },
  'last step without tools': { share: 15, make: (pick) => one(asked(pick, several(pick), { agent: 'short' })) },
  'cancelled while the model works': { share: 25, make: (pick) => one(asked(pick, pick(2) === 0 ? silent : inTurn(calls(pick, 1), undefined)), { meddling: 'cancel' }) },
  'cancelled while tools work': { share: 25, make: (pick) => one(asked(pick, inTurn(calls(pick, 2)), {}, silent), { meddling: 'cancel' }) },
  'cancelled while it waits': { share: 12, make: (pick) => ({ parts: chat(pick, 0, [asked(pick, silent, soon(3_000)), asked(pick, inTurn(said(pick)))]), meddling: 'cancel last' }) },
  'deadline while the model works': { share: 25, make: (pick) => one(asked(pick, silent, pick(2) === 0 ? soon(2_500) : { agent: 'hurried' })) },
  'deadline while tools work': { share: 20, make: (pick) => one(asked(pick, inTurn(calls(pick, 2)), { agent: 'hurried' }, silent)) },
  'deadline before a retry': { share: 10, make: (pick) => one(asked(pick, inTurn(failure('rate_limited', { retryAfterMs: 2_000n })), { agent: 'hurried' })) },
  'deadline while it waits': { share: 10, make: (pick) => ({ parts: chat(pick, 0, [asked(pick, silent, soon(4_000)), asked(pick, inTurn(said(pick)), soon(2_500))]) }) },
  'queue': { share: 30, make: (pick) => ({ parts: chat(pick, 3 + pick(3)) }) },
  'queue with a failure': { share: 8, make: (pick) => ({ parts: chat(pick, 1, [asked(pick, inTurn(failure('at_once', { isRetryable: false }))), asked(pick, several(pick))]) }) },
  'held by the client': { share: 25, make: (pick) => one(asked(pick, several(pick), { text: '', history: [
    { role: Role.USER, parts: [{ kind: { case: 'text', value: 'Hello' } }] }, { role: Role.ASSISTANT, parts: [{ kind: { case: 'text', value: 'Hi.' } }] }, { role: Role.USER, parts: [{ kind: { case: 'text', value: words(pick) } }] },
  ] })) },
  'attachments': { share: 10, make: (pick) => one(asked(pick, inTurn(said(pick)), { attachments: [{ uri: 'https://example.com/a.pdf', mediaType: 'application/pdf', name: 'a.pdf' }] })) },
  'forked': { share: 25, make: (pick) => one(asked(pick, several(pick)), { meddling: 'fork' }) },
  'left while the model works': { share: 8, make: (pick) => one(asked(pick, silent), { isLeft: true }) },
  'left while tools work': { share: 8, make: (pick) => one(asked(pick, inTurn({ calls: [add(pick), now, add(pick)] }), {}, ({ call }) => (call?.name === 'now' ? 'noon' : undefined)), { isLeft: true }) },
  'left while it waits': { share: 5, make: (pick) => ({ parts: chat(pick, 0, [asked(pick, silent), asked(pick, inTurn(said(pick)))]), isLeft: true }) },
};

/** Random numbers that a seed gives again (mulberry32). */
export function pickFrom(seed: number): Pick {
  return (below) => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}
