import type { ClientWire, UpstreamWire } from '../hub/wire.js';
import { writeError } from '../openai-chat/write-error.js';
import { ResponseAnswerReader } from './answer-reader.js';
import { ResponseAnswerWriter } from './answer-writer.js';
import { readAnswer } from './read-answer.js';
import { readRequest } from './read-request.js';
import { writeAnswer } from './write-answer.js';
import { writeRequest } from './write-request.js';

/** OpenAI's responses, without what OpenAI keeps of them. */
export const openAiResponses: ClientWire & UpstreamWire = {
  readRequest,
  writeRequest,
  readAnswer,
  reader: () => new ResponseAnswerReader(),
  writeAnswer,
  writer: (frame) => new ResponseAnswerWriter(frame),
  writeError,
};
