import type { AskedToolCall, ChatMessage, ChatRequest, OfferedTool, PlannedCall, Reply } from './chat.js';
import { describeMissingTool, describeResult } from './describe-result.js';
import { fillArguments } from './fill-arguments.js';
import { callKey, findNeeds, type Need } from './find-needs.js';

/** Ends every answer of the demo model, so that nobody takes it for more than it is. */
export const DEMO_NOTE = '(demo model: fixed rules, no AI)';

const EXAMPLE = 'what is 17.5% of 1,280, and what time is it in Tokyo?';
const SHOWN_CHARACTERS = 300;
const ASKS_WHAT_WAS_ASKED = /\bwhat (?:did|have) i (?:just )?(?:ask|say|said|asked)|\b(?:my|the) (?:previous|last|earlier) (?:question|message)\b/i;
const ASKS_FOR_THE_FIRST = /\bfirst (?:question|message)\b|\bask(?:ed)?(?: you)? first\b/i;

/**
 * The demo model's answer to a conversation, the same each time. It calls the offered tools that the last question needs, all of them
 * in one message where it may; once their results follow, it tells them. What it cannot do it says.
 */
export function respond(request: ChatRequest): Reply {
  const last = request.messages.findLastIndex((message) => message.role === 'user');
  const question = request.messages[last];
  const text = question?.text ?? '';
  const since = request.messages.slice(last + 1);
  const needs = findNeeds(text, request.tools);
  const calls = callsToMake(request, needs, since, text);
  if (calls.length > 0) return { kind: 'tools', calls: request.isParallel ? calls : calls.slice(0, 1) };
  return { kind: 'text', text: `${answer(request, last, question, needs, since)} ${DEMO_NOTE}` };
}

function callsToMake(request: ChatRequest, needs: readonly Need[], since: readonly ChatMessage[], text: string): PlannedCall[] {
  const { toolChoice, tools } = request;
  if (toolChoice.kind === 'none') return [];
  const allowed = toolChoice.kind === 'tool' ? tools.filter((tool) => tool.name === toolChoice.name) : tools;
  const isOffered = (need: Need): boolean => allowed.some((tool) => tool.name === need.call.name);
  const made = new Set(since.flatMap((message) => message.toolCalls).map(keyOf));
  const open = needs.filter((need) => isOffered(need) && !made.has(callKey(need.call))).map((need) => need.call);
  if (open.length > 0 || toolChoice.kind === 'auto') return open;
  // A call is demanded, though the question asks for none, or for none any more.
  const again = needs.find(isOffered)?.call;
  return [again ?? demanded(allowed, text)].filter((call) => call !== undefined);
}

function demanded([tool]: readonly OfferedTool[], text: string): PlannedCall | undefined {
  return tool && { name: tool.name, arguments: fillArguments(tool, text) };
}

function answer(request: ChatRequest, last: number, question: ChatMessage | undefined, needs: readonly Need[], since: readonly ChatMessage[]): string {
  const told = tell(request, needs, since);
  if (told.length > 0) return told.join(' ');
  if (!question) return `Nobody asked me anything. Try: “${EXAMPLE}”.`;
  if (ASKS_WHAT_WAS_ASKED.test(question.text) || ASKS_FOR_THE_FIRST.test(question.text)) return tellEarlier(request.messages.slice(0, last), ASKS_FOR_THE_FIRST.test(question.text));
  const unread = question.unreadParts > 0 ? ` and sent ${question.unreadParts} ${question.unreadParts === 1 ? 'part' : 'parts'} that I cannot read` : '';
  return `I am the demo model of NEXUS and know no answer to that. You asked: “${shorten(question.text)}”${unread}. I can use tools for arithmetic, the time in a city and web pages; try: “${EXAMPLE}”.`;
}

/** A sentence for each result, in the order of the calls, then one for each thing that no tool was there for. */
function tell(request: ChatRequest, needs: readonly Need[], since: readonly ChatMessage[]): string[] {
  const results = new Map(since.filter((message) => message.role === 'tool').map((message) => [message.toolCallId, message.text]));
  const calls = since.flatMap((message) => message.toolCalls);
  const byKey = new Map(needs.map((need) => [callKey(need.call), need]));
  const told = calls.flatMap((call) => {
    const result = results.get(call.id);
    const need = byKey.get(keyOf(call)) ?? { kind: 'tool' as const, label: call.name, call: { name: call.name, arguments: {} } };
    return result === undefined ? [] : [describeResult(need, result)];
  });
  const made = new Set(calls.map(keyOf));
  const missing = needs.filter((need) => !made.has(callKey(need.call)));
  return [...told, ...missing.map(describeMissingTool)];
}

function tellEarlier(earlier: readonly ChatMessage[], isFirst: boolean): string {
  const asked = earlier.filter((message) => message.role === 'user');
  const message = isFirst ? asked[0] : asked[asked.length - 1];
  if (!message) return 'Nothing: this is the first question of our conversation that I can see.';
  return `${isFirst ? 'First' : 'Before this'} you asked: “${shorten(message.text)}”.`;
}

/** Arguments that are no JSON make a call of their own. */
function keyOf(call: AskedToolCall): string {
  try {
    return callKey({ name: call.name, arguments: (JSON.parse(call.arguments) ?? {}) as Record<string, unknown> });
  } catch {
    return `${call.name} ${call.arguments}`;
  }
}

function shorten(text: string): string {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length > SHOWN_CHARACTERS ? `${line.slice(0, SHOWN_CHARACTERS).replace(/[\ud800-\udbff]$/, '')}…` : line;
}
