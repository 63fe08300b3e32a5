import type { ClientWire, UpstreamWire } from '../hub/wire.js';
import { ChatAnswerReader } from './answer-reader.js';
import { ChatAnswerWriter } from './answer-writer.js';
import { readAnswer } from './read-answer.js';
import { readRequest } from './read-request.js';
import { writeAnswer } from './write-answer.js';
import { writeError } from './write-error.js';
import { writeRequest } from './write-request.js';

/** OpenAI's chat completions, and what all who call themselves compatible make of them. */
export const openAiChat: UpstreamWire & ClientWire = {
  readRequest,
  writeRequest,
  readAnswer,
  reader: () => new ChatAnswerReader(),
  writeAnswer,
  writer: (frame) => new ChatAnswerWriter(frame),
  writeError,
};
