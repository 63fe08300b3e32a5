export { answerAsEvents } from './hub/answer-as-events.js';
export type { AnswerEvent } from './hub/answer-event.js';
export { AnswerGrower } from './hub/answer-grower.js';
export type { FinishReason, ModelAnswer, ReadAnswer, ToldUsage } from './hub/model-answer.js';
export type { AudioPart, CacheLife, FilePart, ImagePart, MediaSource, ModelMessage, ModelPart, ReasoningPart, RefusalPart, TextPart, ToolCallPart, ToolResultPart } from './hub/model-part.js';
export type { ModelRequest, ReasoningEffort, ReasoningWish, ResponseFormat, ToolChoice, ToolSpec } from './hub/model-request.js';
export { serverEventText } from './hub/server-event-text.js';
export type { AnswerFrame, AnswerReader, AnswerWriter, ClientWire, ServerEvent, UpstreamWire } from './hub/wire.js';
export { openAiChat } from './openai-chat/openai-chat.js';
