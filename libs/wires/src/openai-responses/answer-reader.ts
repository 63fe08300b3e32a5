import type { AnswerEvent } from '../hub/answer-event.js';
import { isObject, objectOf, objectsOf, stringOf, type JsonObject } from '../hub/json-object.js';
import type { AnswerReader, ServerEvent } from '../hub/wire.js';
import { nameOf } from '../openai-chat/read-answer.js';
import { readFinishReason } from './finish-reason.js';
import { GrowingOutput } from './growing-output.js';
import { readUsage } from './read-usage.js';

/** Reads the events of a streamed response. What its deltas left out is taken from the items when they are done, or from the whole at the end. */
export class ResponseAnswerReader implements AnswerReader {
  isDone = false;
  private hasBegun = false;
  private readonly output = new GrowingOutput();

  read({ json }: ServerEvent): readonly AnswerEvent[] {
    const delta = stringOf(json.delta);
    const place = placeOf(json.output_index);
    switch (json.type) {
      case 'response.created':
      case 'response.queued':
      case 'response.in_progress':
        return this.begin(objectOf(json.response));
      case 'response.output_item.added':
        return this.output.begin(place, objectOf(json.item));
      case 'response.output_text.delta':
        return this.output.grow(place, 'text', placeOf(json.content_index), delta);
      case 'response.refusal.delta':
        return this.output.grow(place, 'refusal', placeOf(json.content_index), delta);
      case 'response.reasoning_summary_text.delta':
        return this.output.think(place, 'summary', placeOf(json.summary_index), delta);
      case 'response.reasoning_text.delta':
        return this.output.think(place, 'content', placeOf(json.content_index), delta);
      case 'response.function_call_arguments.delta':
        return this.output.growCall(place, delta);
      case 'response.output_item.done':
        return this.output.settle(place, objectOf(json.item));
      case 'response.completed':
      case 'response.incomplete':
        return this.end(objectOf(json.response));
      case 'response.failed':
        return [{ kind: 'error', body: { error: objectOf(json.response).error ?? { message: 'the response failed' } } }];
      case 'error':
        return [{ kind: 'error', body: isObject(json.error) ? json : { error: { code: json.code, message: json.message, param: json.param } } }];
      default:
        return [];
    }
  }

  private begin(response: JsonObject): AnswerEvent[] {
    if (this.hasBegun) return [];
    this.hasBegun = true;
    return [{ kind: 'start', id: nameOf(response.id), model: nameOf(response.model) }];
  }

  private end(response: JsonObject): AnswerEvent[] {
    this.isDone = true;
    const events: AnswerEvent[] = this.begin(response);
    objectsOf(response.output).forEach((item, place) => events.push(...this.output.settle(place, item)));
    const usage = readUsage(response);
    if (usage) events.push({ kind: 'usage', usage });
    return [...events, { kind: 'finish', reason: readFinishReason(response, this.output.hasCalls) }];
  }
}

function placeOf(index: unknown): number {
  return typeof index === 'number' ? index : 0;
}

