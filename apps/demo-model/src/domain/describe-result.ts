import type { Need } from './find-needs.js';

const SHOWN_CHARACTERS = 400;
/** Where tools usually put what they found out. */
const ANSWER_FIELDS = ['text', 'result', 'value', 'answer', 'output', 'summary', 'content', 'message', 'title'];
const ERROR_TEXT = /^\s*(?:tool )?(?:error|failed|failure|refused|timeout|timed out|invalid)\b/i;

/** What a tool told, in a few words; `isError` when it told of an error. */
interface ToldResult {
  readonly text: string;
  readonly isError: boolean;
}

/** Reads a tool's result: JSON with an answer or an error in it, or plain text. */
function readResult(result: string): ToldResult {
  const value = parse(result);
  if (!isRecord(value)) return { text: shorten(typeof value === 'string' ? value : result), isError: ERROR_TEXT.test(result) };
  const error = value['error'];
  if (error !== undefined && error !== null && error !== false) return { text: shorten(wordsOf(error)), isError: true };
  const field = ANSWER_FIELDS.find((name) => ['string', 'number', 'boolean'].includes(typeof value[name]));
  return { text: shorten(field === undefined ? JSON.stringify(value) : String(value[field])), isError: value['is_error'] === true || value['ok'] === false };
}

/** One sentence on what a tool found out for a need. */
export function describeResult(need: Need, result: string): string {
  const { text, isError } = readResult(result);
  if (isError) return sentence(`${need.call.name} failed${need.label === '' || need.kind === 'tool' ? '' : ` for ${need.label}`}: ${text}`);
  if (text === '') return sentence(`${need.call.name} answered with nothing`);
  switch (need.kind) {
    case 'calculation':
      return sentence(`${need.label} is ${text}`);
    case 'time':
      return sentence(need.label === '' ? `it is ${text}` : `in ${need.label} it is ${text}`);
    case 'page':
      return sentence(`${need.label} says: ${text}`);
    case 'tool':
      return sentence(`${need.call.name} answered: ${text}`);
  }
}

/** One sentence on a need that no offered tool fills. */
export function describeMissingTool(need: Need): string {
  const what = { calculation: `work out ${need.label}`, time: `tell the time${need.label === '' ? '' : ` in ${need.label}`}`, page: `read ${need.label}`, tool: `use ${need.label}` }[need.kind];
  return `To ${what} I would need the tool ${need.call.name}, and I was not given it.`;
}

function sentence(text: string): string {
  const begun = /^(?:https?:|[a-z]+_)/.test(text) ? text : text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?…]$/.test(begun) ? begun : `${begun}.`;
}

function shorten(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length > SHOWN_CHARACTERS ? `${line.slice(0, SHOWN_CHARACTERS).replace(/[\ud800-\udbff]$/, '')}…` : line;
}

function wordsOf(error: unknown): string {
  if (typeof error === 'string') return error;
  return isRecord(error) && typeof error['message'] === 'string' ? error['message'] : JSON.stringify(error);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
