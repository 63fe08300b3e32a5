import type { Endpoint } from '../../domain/endpoint.js';
import type { ProviderTarget } from '../../domain/provider-target.js';

/** Where below the base URL an API is. Gemini's has the model in it. */
export function endpointPath(basePath: string, { kind }: Pick<ProviderTarget, 'kind'>, endpoint: Endpoint, model: string, isStream: boolean): string {
  switch (endpoint) {
    case 'responses': return `${basePath}/responses`;
    case 'messages': return `${basePath}/messages`;
    case 'gemini': return `${basePath}/models/${encodeURIComponent(model)}:${isStream ? 'streamGenerateContent?alt=sse' : 'generateContent'}`;
    // Gemini's own embeddings are no wire of any client: those of its OpenAI-compatible API are.
    case 'embeddings': return kind === 'gemini' ? `${basePath}/openai/embeddings` : `${basePath}/embeddings`;
    default: return `${basePath}/chat/completions`;
  }
}

/** The API that is asked for the names of models: each kind of provider takes its key there as in its own calls. */
export function endpointOfList({ kind }: Pick<ProviderTarget, 'kind'>): 'chat' | 'messages' | 'gemini' {
  if (kind === 'anthropic') return 'messages';
  return kind === 'gemini' ? 'gemini' : 'chat';
}
