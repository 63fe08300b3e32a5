/** docs/errors.md. */
import { collectErrorCodes } from './error-codes.mjs';
import { code, generatedNote, table } from './markdown.mjs';

/** Messages shown for one code; the others are of the same kind. */
const MOST_MESSAGES = 3;

function messagesText(messages) {
  const all = [...messages].sort();
  const more = all.length - MOST_MESSAGES;
  return all.slice(0, MOST_MESSAGES).join('<br>') + (more > 0 ? `<br>and ${more} more` : '');
}

const retryText = (retries) => (retries.size === 2 ? 'depends' : retries.has(true) ? 'yes' : 'no');

const statusText = (statuses) => [...statuses].map((status) => status ?? 'varies').sort().join(', ');

/** The page. */
export function errorsPage(root) {
  const { codes, passedOn } = collectErrorCodes(root);
  const rows = [...codes].map(([name, { messages, statuses, retries, packages }]) => [code(name), statusText(statuses), retryText(retries), messagesText(messages), [...packages].sort().join(', ')]);
  return `${[
    generatedNote('the sources'),
    '# Errors',
    'Every failure that leaves NEXUS has a stable code, a message that may be shown, and tells whether the same request may succeed later without a change. This lists each code that stands in the sources, with what they say of it: an ellipsis is what is filled in, the status is empty where none is given (then it is 500, or where it comes from decides).',
    `Codes that are made elsewhere and passed on are not in it: those of a service that was asked, of a dead letter, of a provider. The packages that pass some on: ${passedOn.join(', ')}.`,
    table(['code', 'HTTP status', 'retry', 'message', 'from'], rows),
  ].join('\n\n')}\n`;
}
