import type { OfferedTool, PlannedCall } from './chat.js';
import { fillArguments } from './fill-arguments.js';
import { findCalculations } from './find-calculations.js';
import { findTimeQuestions } from './find-time-questions.js';
import { findUrls } from './find-urls.js';

/** Enough for any question; what a longer text asks further down is passed over. */
const MAX_TEXT = 20_000;
const MAX_NEEDS = 16;
/** Words of tool names that say nothing about what the tool is for. */
const EMPTY_WORDS = new Set(['get', 'set', 'find', 'fetch', 'load', 'look', 'lookup', 'search', 'list', 'run', 'call', 'tool', 'function', 'current', 'the', 'for', 'by', 'my', 'and', 'of', 'in', 'to', 'test', 'do', 'is', 'it']);

/** Something that the question needs a tool for. */
export interface Need {
  readonly kind: 'calculation' | 'time' | 'page' | 'tool';
  /** What it is about, in the person's words: `17.5% of 1,280`, `Tokyo`, an address, a tool's name. */
  readonly label: string;
  readonly call: PlannedCall;
}

/** What a question needs tools for, in the order of its words, the same thing once. Tools without a rule here are needed when the question names what they are for. */
export function findNeeds(question: string, tools: readonly OfferedTool[]): Need[] {
  const text = question.slice(0, MAX_TEXT);
  const placed: (Need & { at: number })[] = [];
  for (const { at, label, expression } of findCalculations(text)) placed.push({ at, kind: 'calculation', label, call: { name: 'math_solver', arguments: { expression } } });
  for (const { at, place, timezone } of findTimeQuestions(text)) placed.push({ at, kind: 'time', label: place ?? '', call: { name: 'current_time', arguments: timeArguments(timezone, tools) } });
  for (const { at, url } of findUrls(text)) placed.push({ at, kind: 'page', label: url, call: { name: 'load_web_page', arguments: { url } } });
  const known = new Set(['math_solver', 'current_time', 'load_web_page']);
  for (const tool of tools) {
    const at = known.has(tool.name) ? -1 : mentionOf(tool.name, text);
    if (at >= 0) placed.push({ at, kind: 'tool', label: tool.name, call: { name: tool.name, arguments: fillArguments(tool, text) } });
  }
  const unique = new Map(placed.sort((a, b) => a.at - b.at).map(({ kind, label, call }) => [callKey(call), { kind, label, call }]));
  return [...unique.values()].slice(0, MAX_NEEDS);
}

/** The same for two calls of the same tool with the same arguments. */
export function callKey(call: PlannedCall): string {
  return `${call.name} ${JSON.stringify(Object.entries(call.arguments).sort(([a], [b]) => (a < b ? -1 : 1)))}`;
}

/** Without a place the tool may know the person's own time zone; one that insists on a zone gets UTC. */
function timeArguments(timezone: string | undefined, tools: readonly OfferedTool[]): Record<string, unknown> {
  const insists = tools.find((tool) => tool.name === 'current_time')?.parameters.required?.includes('timezone') ?? false;
  return timezone === undefined && !insists ? {} : { timezone: timezone ?? 'UTC' };
}

/** Where the question names the tool, or all words of its name that mean something; -1 when it does not. */
function mentionOf(name: string, text: string): number {
  const lower = text.toLowerCase();
  const whole = lower.indexOf(name.toLowerCase());
  if (whole >= 0) return whole;
  const words = name
    .replace(/([a-z])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^\p{L}\d]+/u)
    .filter((word) => word.length > 1 && !EMPTY_WORDS.has(word));
  const places = words.map((word) => placeOfWord(lower, word));
  return places.length > 0 && !places.includes(-1) ? Math.min(...places) : -1;
}

function placeOfWord(text: string, word: string): number {
  for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + 1)) if (!/[\p{L}\d]/u.test(text[at - 1] ?? '')) return at;
  return -1;
}
