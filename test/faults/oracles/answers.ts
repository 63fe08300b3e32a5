import { answeredNumber } from '../load/model-behaviour.js';
import { unreliableModels } from '../load/model-names.js';
import type { Question } from '../load/questions.js';
import type { Sighting } from '../load/sightings.js';
import type { FaultRecord, Oracle } from './evidence.js';

/** Every question was answered, and what stands in the database is over. */
export const nothingLost: Oracle = ({ questions, runs, settings }) => {
  const byMessage = new Map(runs.map((run) => [run.messageId, run]));
  const violations = [
    ...questions.filter(({ answeredAt }) => answeredAt === undefined).map(({ id, model, thread }) => `${id} (${model}, ${thread}) was never answered; its run: ${describe(byMessage.get(id)?.status)}`),
    ...runs.filter(({ status }) => status < 3).map(({ messageId, runId, status }) => `the run ${runId} of ${messageId} is not over: ${describe(status)}`),
    ...settings.wrong,
  ];
  return { oracle: 'nothing lost', checked: questions.length + settings.count, violations };
};

const describe = (status: number | undefined): string => (status === undefined ? 'none' : `status ${status}`);

/** No message has two answers that differ, none comes twice unless Redis lost its memory of the first, and none comes where nobody asked from. */
export const noSecondAnswer: Oracle = ({ questions, sightings, faults }) => {
  const askedFrom = new Map(questions.map((question) => [question.id, question.askedFrom]));
  const answers = groupBy(sightings.filter((sighting) => !sighting.isRetryable), ({ messageId }) => messageId);
  const violations: string[] = [];
  let excused = 0;
  for (const [messageId, seen] of answers) {
    const first = seen[0] as Sighting;
    const from = askedFrom.get(messageId) ?? first.stream;
    violations.push(...seen.filter(({ stream }) => stream !== from).map(({ stream, entryId }) => `an answer to ${messageId}, asked from ${from}, came on ${stream} (${entryId})`));
    for (const other of seen.slice(1)) {
      if (other.hash !== first.hash) violations.push(`${messageId} was answered twice, differently: ${sayingOf(first)} and ${sayingOf(other)}`);
      else if (other.stream !== first.stream) continue; // one of the two came where nobody asked from
      else if (faults.some((fault) => fault.isLoss && fault.startedAt <= other.at && fault.endedAt >= first.at)) excused++;
      else violations.push(`the answer to ${messageId} was published twice: ${first.stream} ${first.entryId} and ${other.entryId}`);
    }
  }
  return { oracle: 'second answers', checked: answers.size, violations, notes: `${excused} repeated after Redis had lost data` };
};

const sayingOf = ({ outcome, text, errorCode, entryId }: Sighting): string => `${outcome} ${JSON.stringify(text || errorCode)} (${entryId})`;

/**
 * An answer is that of its question. Questions to reliable models end with an error only when a fault fell into their life, and such errors
 * are no more than the questions that were under way when those faults began.
 */
export const rightAnswers: Oracle = ({ questions, splices, faults }) => {
  const answered = questions.filter(({ outcome }) => outcome === 'answered');
  const failed = questions.filter(({ outcome, model }) => outcome !== undefined && outcome !== 'answered' && !unreliableModels.has(model));
  const real = faults.filter(({ isStanding, evidence }) => !isStanding && evidence !== undefined);
  const underWay = real.reduce((sum, fault) => sum + questions.filter(({ model, askedAt, answeredAt }) => !unreliableModels.has(model) && askedAt <= fault.startedAt && (answeredAt ?? Infinity) >= fault.startedAt).length, 0);
  const violations = [
    ...failed.filter((question) => !real.some((fault) => isMet(question, fault))).map(({ id, model, outcome }) => `${id} (${model}) ended with ${outcome} and no fault met it`),
    ...(failed.length > underWay ? [`${failed.length} questions to reliable models ended with errors, and only ${underWay} were under way when faults began`] : []),
    ...answered.filter(({ text, number }) => answeredNumber(text ?? '') !== number).map(({ id, number, text }) => `${id} was question #${number} and was answered ${JSON.stringify(text)}`),
    ...splices.map(({ number, streamed, answer }) => `the stream of #${number} said ${JSON.stringify(streamed)}, its answer ${JSON.stringify(answer)}`),
  ];
  return { oracle: 'right answers', checked: answered.length, violations, notes: `failed with a reliable model: ${tally(failed.map(({ kind, outcome }) => `${kind} ${outcome}`)) || 'none'}; under way at faults: ${underWay}` };
};

const SLACK_MS = 250;

const isMet = ({ askedAt, answeredAt }: Question, { startedAt, endedAt }: FaultRecord): boolean => startedAt - SLACK_MS <= (answeredAt ?? Infinity) && endedAt + SLACK_MS >= askedAt;

/** How often each word is there: `a 3, b 1`. */
export function tally(words: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1]).map(([word, count]) => `${word} ${count}`).join(', ');
}

export function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return groups;
}
