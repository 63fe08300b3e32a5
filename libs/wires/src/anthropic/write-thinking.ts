import type { ModelRequest, ReasoningEffort } from '../hub/model-request.js';
import { claudeModel } from './claude-model.js';

/** What a request says of thinking: `thinking`, and the effort for `output_config`. Both undefined when nothing was said. */
export interface WrittenThinking {
  readonly thinking?: Record<string, unknown> | undefined;
  readonly effort?: string | undefined;
}

/**
 * Thinking as the model named in the request takes it, the least of it where the model cannot stop. It is left out where Anthropic would refuse it with the rest: when its tokens do not
 * fit into `maxTokens`, when a tool is forced, and when the answer goes on after a call that was made without a thought of the model's own
 * (all three for models that want a number of tokens alone).
 */
export function writeThinking({ model, reasoning, toolChoice, tools }: ModelRequest, maxTokens: number, isAfterThoughtlessCall: boolean): WrittenThinking {
  if (!reasoning) return {};
  const { effort, budgetTokens, isShown } = reasoning;
  const { isAdaptive, mayStopThinking } = claudeModel(model);
  if (effort === 'none' && mayStopThinking) return { thinking: { type: 'disabled' } };
  const display = isShown === undefined ? {} : { display: isShown ? 'summarized' : 'omitted' };
  if (isAdaptive) return { thinking: { type: 'adaptive', ...display }, effort: effort === 'none' || effort === 'minimal' ? 'low' : effort };
  const isForced = tools.length > 0 && (toolChoice?.kind === 'required' || toolChoice?.kind === 'tool');
  const budget = fitting(budgetTokens ?? BUDGETS[effort ?? 'medium'], maxTokens);
  if (budget === undefined || isForced || isAfterThoughtlessCall) return {};
  return { thinking: { type: 'enabled', budget_tokens: budget, ...(isShown === false && { display: 'omitted' }) } };
}

/** Tokens for each effort; half of what the answer may have where that is less. */
const BUDGETS: Readonly<Record<ReasoningEffort, number>> = { none: 1_024, minimal: 1_024, low: 2_048, medium: 8_192, high: 16_384, xhigh: 24_576, max: 32_768 };

/** Anthropic's least. */
const LEAST_BUDGET = 1_024;

/** Thinking counts as output, so it must leave room for the answer. */
function fitting(wanted: number, maxTokens: number): number | undefined {
  const budget = Math.max(LEAST_BUDGET, wanted);
  if (budget < maxTokens) return budget;
  const half = Math.floor(maxTokens / 2);
  return half >= LEAST_BUDGET ? half : undefined;
}
