export type { AnswerEvent } from './hub/answer-event.js';
export type { FinishReason, ModelAnswer, ReadAnswer, ToldUsage } from './hub/model-answer.js';
export type { AudioPart, CacheLife, FilePart, ImagePart, MediaSource, ModelMessage, ModelPart, ReasoningPart, RefusalPart, TextPart, ToolCallPart, ToolResultPart } from './hub/model-part.js';
export type { ModelRequest, ReasoningEffort, ReasoningWish, ResponseFormat, ToolChoice, ToolSpec } from './hub/model-request.js';
export type { AnswerFrame, AnswerReader, AnswerWriter, ClientWire, ServerEvent, UpstreamWire } from './hub/wire.js';
