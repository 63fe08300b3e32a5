import { AppError } from '@nexus/core';
import type { HistoryItem } from '../domain/chat-history.js';

/** What is used of node-llama-cpp, told here because it is optional: this project compiles without it. */
export interface LlamaLibrary {
  getLlama(options: { gpu: 'auto' | false; build: 'never'; skipDownload: true; progressLogs: false; logger: (level: string, message: string) => void; maxThreads?: number }): Promise<Llama>;
  /** Takes a sequence of its own making, which has more to it than is told here. */
  readonly LlamaChat: new (options: { contextSequence: never }) => LlamaConversation;
}

export interface Llama {
  loadModel(options: { modelPath: string }): Promise<LlamaModel>;
  createGrammarForJsonSchema(schema: object): Promise<object>;
  getGrammarFor(type: 'json'): Promise<object>;
  dispose(): Promise<void>;
}

export interface LlamaModel {
  readonly trainContextSize: number;
  readonly tokenizer: unknown;
  readonly fileInfo: { readonly metadata: { readonly general: { readonly architecture: string } }; readonly tensorInfo?: readonly { readonly dimensions: readonly (number | bigint)[] }[] };
  createContext(options: { contextSize: number; sequences: number; threads?: number }): Promise<LlamaContext>;
}

export interface LlamaContext {
  readonly contextSize: number;
  getSequence(): LlamaSequence;
}

export interface LlamaSequence {
  readonly tokenMeter: { readonly usedInputTokens: number; readonly usedOutputTokens: number };
}

export interface ResponseChunk {
  /** `segment`: no part of the answer itself, such as a thought. */
  readonly type: 'segment' | undefined;
  readonly text: string;
  readonly tokens: readonly unknown[];
}

export interface ParamsChunk {
  readonly callIndex: number;
  readonly functionName: string;
  readonly paramsChunk: string;
}

/** Functions whose schemas the library looks at itself: its type of them has no name for every JSON Schema. */
export type LlamaFunctions = Readonly<Record<string, { readonly description?: string; readonly params?: never }>>;

export interface ResponseOptions {
  readonly signal: AbortSignal;
  readonly stopOnAbortSignal: true;
  readonly maxTokens: number;
  readonly temperature: number;
  readonly topK?: number;
  readonly topP?: number;
  readonly seed?: number;
  readonly repeatPenalty: false | { penalty: 1; presencePenalty?: number; frequencyPenalty?: number };
  readonly customStopTriggers?: readonly string[];
  readonly budgets?: { readonly thoughtTokens: number };
  /** Of the library's making, and never beside `functions`. */
  readonly grammar?: never;
  readonly functions?: LlamaFunctions;
  readonly documentFunctionParams?: true;
  readonly onResponseChunk?: (chunk: ResponseChunk) => void;
  readonly onFunctionCallParamsChunk?: (chunk: ParamsChunk) => void;
}

export interface LlamaConversation {
  readonly chatWrapper: {
    readonly settings: { readonly segments?: { readonly thought?: unknown } };
    generateContextState(options: { chatHistory: readonly HistoryItem[]; availableFunctions?: LlamaFunctions; documentFunctionParams?: true }): { readonly contextText: { tokenize(tokenizer: unknown): readonly unknown[] } };
  };
  generateResponse(history: HistoryItem[], options: ResponseOptions): Promise<{
    readonly response: string;
    readonly functionCalls?: readonly { readonly functionName: string; readonly params: unknown }[];
    readonly metadata: { readonly stopReason: string; readonly customStopTrigger?: readonly unknown[] };
  }>;
}

/** Not written where it is imported, so that the compiler does not look for it. */
const NAME: string = 'node-llama-cpp';

/** Loads node-llama-cpp. Throws AppError `llama_missing` where it is not installed. */
export async function loadLlamaLibrary(name = NAME): Promise<LlamaLibrary> {
  try {
    return (await import(name)) as LlamaLibrary;
  } catch (cause) {
    throw new AppError('llama_missing', 'A local model needs node-llama-cpp, which is not installed here. Run npm install without --omit=optional, or point NEXUS at a server of nexus.local.v1 that runs elsewhere.', { cause });
  }
}

/**
 * Starts llama.cpp from the binaries that are installed; nothing is built or downloaded. `onError` gets what it complains of. Throws
 * AppError `llama_missing` where no binary fits this machine.
 */
export async function startLlama(library: LlamaLibrary, gpu: 'auto' | 'off', threads: number, onError: (message: string) => void): Promise<Llama> {
  const logger = (level: string, message: string): void => {
    if (level === 'error' || level === 'fatal') onError(message.trim());
  };
  try {
    return await library.getLlama({ gpu: gpu === 'auto' ? 'auto' : false, build: 'never', skipDownload: true, progressLogs: false, logger, ...(threads > 0 && { maxThreads: threads }) });
  } catch (cause) {
    throw new AppError('llama_missing', `node-llama-cpp has no binary for this machine (${process.platform} ${process.arch}).`, { cause });
  }
}
