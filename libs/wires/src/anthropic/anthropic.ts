import type { ClientWire, UpstreamWire } from '../hub/wire.js';
import { AnthropicAnswerReader } from './answer-reader.js';
import { AnthropicAnswerWriter } from './answer-writer.js';
import { readAnswer } from './read-answer.js';
import { readRequest } from './read-request.js';
import { writeAnswer } from './write-answer.js';
import { writeError } from './write-error.js';
import { writeRequest } from './write-request.js';

/** Anthropic's Messages API (`POST /v1/messages`), both as NEXUS speaks it to a provider and as clients speak it to NEXUS. */
export const anthropic: UpstreamWire & ClientWire = {
  writeRequest,
  readAnswer,
  reader: () => new AnthropicAnswerReader(),
  readRequest,
  writeAnswer,
  writer: (frame) => new AnthropicAnswerWriter(frame),
  writeError,
};
