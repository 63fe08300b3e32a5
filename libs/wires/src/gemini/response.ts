import { z } from 'zod';

const text = z.string().optional().catch(undefined);
const count = z.int().nonnegative().optional().catch(undefined);
const modalityCounts = z.array(z.object({ modality: z.string(), tokenCount: z.int().nonnegative() })).optional().catch(undefined);

const usageSchema = z.object({
  promptTokenCount: count,
  cachedContentTokenCount: count,
  candidatesTokenCount: count,
  thoughtsTokenCount: count,
  toolUsePromptTokenCount: count,
  totalTokenCount: count,
  promptTokensDetails: modalityCounts,
  cacheTokensDetails: modalityCounts,
  candidatesTokensDetails: modalityCounts,
  toolUsePromptTokensDetails: modalityCounts,
});

const partSchema = z.object({
  text,
  thought: z.boolean().optional().catch(undefined),
  thoughtSignature: text,
  functionCall: z.object({ id: text, name: z.string(), args: z.record(z.string(), z.unknown()).optional().catch(undefined) }).optional().catch(undefined),
});

const responseSchema = z.object({
  responseId: text,
  modelVersion: text,
  candidates: z
    .array(z.object({ content: z.object({ parts: z.array(partSchema.catch({})).optional().catch(undefined) }).optional().catch(undefined), finishReason: text }))
    .optional()
    .catch(undefined),
  promptFeedback: z.object({ blockReason: text }).optional().catch(undefined),
  usageMetadata: usageSchema.optional().catch(undefined),
});

/** What is read of a GenerateContentResponse: a whole answer, or one chunk of a stream. What has another form than Google's counts as absent. */
export type GeminiResponse = z.infer<typeof responseSchema>;
export type GeminiPart = z.infer<typeof partSchema>;
export type UsageMetadata = z.infer<typeof usageSchema>;
export interface ModalityCount {
  readonly modality: string;
  readonly tokenCount: number;
}

/** Undefined for what is no JSON object. */
export function parseResponse(json: unknown): GeminiResponse | undefined {
  const parsed = responseSchema.safeParse(json);
  return parsed.success ? parsed.data : undefined;
}

/** The error that a body or an event is instead of an answer; a stream that could not begin wraps it in an array. */
export function errorIn(json: unknown): { readonly body: unknown } | undefined {
  const first: unknown = Array.isArray(json) ? json[0] : json;
  const isError = typeof first === 'object' && first !== null && 'error' in first && first.error !== null && first.error !== undefined;
  return isError ? { body: first } : undefined;
}
