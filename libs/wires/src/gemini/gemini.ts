import type { UpstreamWire } from '../hub/wire.js';
import { GeminiAnswerReader } from './answer-reader.js';
import { readAnswer } from './read-answer.js';
import { writeRequest } from './write-request.js';

/**
 * Google's own wire: `models/{model}:generateContent`, and `:streamGenerateContent?alt=sse` for streams. The model and whether it is a
 * stream stand in the path, so the body says neither. A stream has no last event of its own: it is whole when its connection ends after
 * `isDone`.
 */
export const gemini: UpstreamWire = { writeRequest, readAnswer, reader: () => new GeminiAnswerReader() };
