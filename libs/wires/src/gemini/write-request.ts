import { AppError } from '@nexus/core';
import type { ModelRequest } from '../hub/model-request.js';
import { writeContents, writeSystemInstruction } from './write-contents.js';
import { writeGenerationConfig } from './write-generation-config.js';
import { writeToolConfig, writeTools } from './write-tools.js';

/**
 * The body of generateContent. What Gemini has no word for and needs none: the user's name, cache lives (it caches by itself), that calls
 * come one at a time. Throws AppError `unsupported_value` for more than one choice, and for what cannot stand where it stands.
 */
export function writeRequest(request: ModelRequest): Record<string, unknown> {
  if ((request.choices ?? 1) > 1) throw new AppError('unsupported_value', 'This model gives one answer: leave n out, or set it to 1.', { status: 400, param: 'n' });
  const system = writeSystemInstruction(request.messages);
  const tools = writeTools(request.tools);
  const toolConfig = writeToolConfig(request);
  const generationConfig = writeGenerationConfig(request);
  return {
    contents: writeContents(request),
    ...(system && { systemInstruction: system }),
    ...(tools && { tools }),
    ...(toolConfig && { toolConfig }),
    ...(Object.keys(generationConfig).length > 0 && { generationConfig }),
  };
}
