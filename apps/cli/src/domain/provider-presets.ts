/** A provider that is known by name. */
export interface ProviderPreset {
  readonly baseUrl: string;
  /** The environment variable that usually holds its key; undefined when it takes none. */
  readonly keyVariable: string | undefined;
  /** Whether prices.json has its prices; those of others must be given. `free`: it runs on one's own machine. */
  readonly price: 'listed' | 'unknown' | 'free';
  /** How it is spoken to, where that is not OpenAI's chat completions. */
  readonly kind?: 'anthropic' | 'gemini';
}

const hosted = (baseUrl: string, keyVariable: string, price: 'listed' | 'unknown' = 'unknown'): ProviderPreset => ({ baseUrl, keyVariable, price });
const local = (baseUrl: string): ProviderPreset => ({ baseUrl, keyVariable: undefined, price: 'free' });

/** Each speaks OpenAI's chat completions API at this address, unless it says otherwise. */
export const providerPresets: Readonly<Record<string, ProviderPreset>> = {
  openai: hosted('https://api.openai.com/v1', 'OPENAI_API_KEY', 'listed'),
  anthropic: { ...hosted('https://api.anthropic.com/v1', 'ANTHROPIC_API_KEY', 'listed'), kind: 'anthropic' },
  gemini: { ...hosted('https://generativelanguage.googleapis.com/v1beta', 'GEMINI_API_KEY', 'listed'), kind: 'gemini' },
  mistral: hosted('https://api.mistral.ai/v1', 'MISTRAL_API_KEY', 'listed'),
  groq: hosted('https://api.groq.com/openai/v1', 'GROQ_API_KEY', 'listed'),
  deepseek: hosted('https://api.deepseek.com/v1', 'DEEPSEEK_API_KEY', 'listed'),
  xai: hosted('https://api.x.ai/v1', 'XAI_API_KEY', 'listed'),
  openrouter: hosted('https://openrouter.ai/api/v1', 'OPENROUTER_API_KEY'),
  together: hosted('https://api.together.xyz/v1', 'TOGETHER_API_KEY'),
  fireworks: hosted('https://api.fireworks.ai/inference/v1', 'FIREWORKS_API_KEY'),
  cerebras: hosted('https://api.cerebras.ai/v1', 'CEREBRAS_API_KEY'),
  ollama: local('http://127.0.0.1:11434/v1'),
  lmstudio: local('http://127.0.0.1:1234/v1'),
  vllm: local('http://127.0.0.1:8000/v1'),
};

export const presetNames = Object.keys(providerPresets);
