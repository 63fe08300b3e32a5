import type { Error as WireError } from '@nexus/contracts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const WENT_WRONG = 'Something went wrong on my side. Please try again.';

/** What a person reads when an answer is an error, by its code. `again` is when to try again, such as ` in 3 minutes`, or nothing. */
const told: Readonly<Record<string, (again: string) => string>> = {
  budget_exceeded: (again) => `The budget for this is used up. ${again === '' ? 'Ask its owner to raise it.' : `Try again${again}, or ask its owner to raise it.`}`,
  quota_exceeded: (again) => `All answers of this month are used up.${again === '' ? '' : ` There are new ones${again}.`}`,
  rate_limited: (again) => `That was a bit much at once. Please try again${again || ' in a minute'}.`,
  overloaded: (again) => `There is too much to do right now. Please try again${again || ' in a few minutes'}.`,
  content_filtered: () => 'The model would not answer that. Try to ask in another way.',
  empty_answer: () => 'The model had nothing to say. Please ask once more, or in another way.',
  step_limit_reached: () => 'I did not get to the end of this. Please ask for less at once.',
  deadline_exceeded: () => 'This took too long, so I stopped. Please ask for less at once, or try again.',
  timeout: () => 'No answer came in time. Please try again.',
  context_length: () => 'This conversation has become too long. Begin a new one with /new.',
  unauthenticated: () => 'This bot is not set up properly: NEXUS does not know its token. Please tell whoever runs it.',
  permission_denied: () => 'This bot is not set up properly: its token is not for this kind of chat. Please tell whoever runs it.',
  agent_not_found: () => 'This bot is not set up properly: its agent does not exist. Please tell whoever runs it.',
  model_not_allowed: () => 'This model may not be used here. Choose another one with /model.',
  model_not_found: () => 'There is no such model. Choose another one with /model.',
  no_model_configured: () => 'No model is set up yet. Please tell whoever runs this bot.',
  no_model_can_serve: () => 'No model that is set up here can do this. Choose another one with /model, or ask without files.',
  file_too_large: () => 'This file is too large for me.',
  file_not_found: () => 'This file is not there any more. Please send it again.',
  internal: () => WENT_WRONG,
};
const sentences = new Map(Object.entries(told));

/** Codes that mean the same to a person. */
const alike = new Map(Object.entries({
  queue_full: 'overloaded', busy: 'overloaded', resource_exhausted: 'overloaded', provider_limit_reached: 'overloaded', too_many_requests: 'overloaded',
  provider_unavailable: 'overloaded', bus_full: 'overloaded', bus_unavailable: 'overloaded', unavailable: 'overloaded', settings_unavailable: 'overloaded',
  usage_unavailable: 'overloaded', database_unavailable: 'overloaded', server_error: 'overloaded', interrupted: 'overloaded', connection: 'overloaded',
  quota_exhausted: 'no_model_configured', authentication: 'no_model_configured', invalid_tool_calls: 'empty_answer', content_filter: 'content_filtered',
}));

/** A short sentence for a person about a refusal or a failure. What is not known is told in the error's own words, which may be shown. */
export function sentenceFor(error: Pick<WireError, 'code' | 'message' | 'retryAfterMs'> | undefined): string {
  const code = error?.code || 'internal';
  const sentence = sentences.get(alike.get(code) ?? code);
  if (sentence === undefined) return error?.message || WENT_WRONG;
  return sentence(inWords(Number(error?.retryAfterMs ?? 0n)));
}

/** What a person reads when a run was stopped. */
export const STOPPED = 'Stopped.';

/** ` in 3 minutes`; '' for no time at all. Rounded up, so that whoever waits that long has waited long enough. */
function inWords(ms: number): string {
  if (!(ms > 0)) return '';
  if (ms <= MINUTE) return ` in ${counted(Math.ceil(ms / SECOND), 'second')}`;
  if (ms <= HOUR) return ` in ${counted(Math.ceil(ms / MINUTE), 'minute')}`;
  if (ms <= DAY) return ` in ${counted(Math.ceil(ms / HOUR), 'hour')}`;
  return ` in ${counted(Math.ceil(ms / DAY), 'day')}`;
}

const counted = (count: number, unit: string): string => `${count} ${unit}${count === 1 ? '' : 's'}`;
