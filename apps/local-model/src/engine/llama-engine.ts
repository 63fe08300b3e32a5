import { access, constants } from 'node:fs/promises';
import { create } from '@bufbuild/protobuf';
import { FinishReason, LocalModelSchema, type ChatMessage, type GenerateRequest, type LocalModel, type ToolDefinition } from '@nexus/contracts';
import { AppError } from '@nexus/core';
import type { LocalModelConfig } from '../config.js';
import { askedFormOf, type AskedForm } from '../domain/asked-form.js';
import { chatHistoryOf, type HistoryItem } from '../domain/chat-history.js';
import { AnswerEmitter, type Emit } from './answer-emitter.js';
import { loadLlamaLibrary, startLlama, type Llama, type LlamaConversation, type LlamaFunctions, type LlamaModel, type LlamaSequence } from './llama-library.js';
import { responseOptionsOf } from './response-options.js';
import { Seats } from './seats.js';

/** One context, with the conversation that reads and writes in it. */
interface Seat {
  readonly conversation: LlamaConversation;
  readonly sequence: LlamaSequence;
}

/** A model that is loaded, and answers with llama.cpp. */
export class LlamaEngine {
  private constructor(
    private readonly llama: Llama,
    private readonly model: LlamaModel,
    private readonly first: LlamaConversation,
    private readonly seats: Seats<Seat>,
    /** What the model is and can do. */
    readonly description: LocalModel,
  ) {}

  /** Loads a model. Throws AppError `llama_missing`, `model_file_missing` or `model_file_unreadable`. */
  static async load({ file, name, contextTokens, parallel, waiting, threads, gpu }: LocalModelConfig): Promise<LlamaEngine> {
    await access(file, constants.R_OK).catch((cause: unknown) => {
      throw new AppError('model_file_missing', `There is no model that can be read at ${file}. Correct NEXUS_LOCAL_MODEL.`, { cause });
    });
    const library = await loadLlamaLibrary();
    const complaints: string[] = [];
    const llama = await startLlama(library, gpu, threads, (message) => complaints.push(message));
    try {
      const model = await llama.loadModel({ modelPath: file });
      const context = await model.createContext({ contextSize: Math.min(contextTokens, model.trainContextSize), sequences: parallel, ...(threads > 0 && { threads }) });
      const seats = Array.from({ length: parallel }, (): Seat => {
        const sequence = context.getSequence();
        return { sequence, conversation: new library.LlamaChat({ contextSequence: sequence as never }) };
      });
      const [first] = seats;
      if (!first) throw new Error('no context');
      return new LlamaEngine(llama, model, first.conversation, new Seats(seats, waiting), describe(name, context.contextSize, model, first.conversation));
    } catch (cause) {
      await llama.dispose();
      throw new AppError('model_file_unreadable', `llama.cpp cannot use the model at ${file}${complaints[0] === undefined ? '' : ` (${complaints[0]})`}: it is no GGUF file that it knows, or too large for the memory.`, { cause });
    }
  }

  /** Tokens of a conversation with all that the model's template adds. Throws AppError (400) for what the model does not take. */
  countTokens(messages: readonly ChatMessage[], tools: readonly ToolDefinition[]): number {
    return this.tokensOf(chatHistoryOf(messages), askedFormOf(tools, undefined));
  }

  /**
   * Answers, telling of every piece as it comes. Throws AppError (400) for what the model does not take, `context_length` (400) for what
   * is too long for it, `busy` (429); and the signal's reason when it aborts.
   */
  async generate(request: GenerateRequest, emit: Emit, signal: AbortSignal): Promise<void> {
    const form = askedFormOf(request.tools, request.parameters);
    const history = withWords(chatHistoryOf(request.messages), form);
    const input = this.tokensOf(history, form);
    const room = Number(this.description.contextTokens) - input - 1;
    if (room < 1) throw new AppError('context_length', `The conversation has ${input} tokens; with its answer it may have ${this.description.contextTokens}.`, { status: 400, param: 'messages' });
    const grammar = await this.grammarOf(form);
    await this.seats.with(signal, async ({ conversation, sequence }) => {
      const begunAt = performance.now();
      emit({ case: 'start', value: { id: request.callId, model: this.description.name } });
      const emitter = new AnswerEmitter(emit, form.kind);
      const { usedInputTokens, usedOutputTokens } = sequence.tokenMeter;
      const options = responseOptionsOf(request, room);
      const { response, functionCalls, metadata } = await conversation.generateResponse(history, {
        ...options,
        ...emitter.listeners(form),
        ...(grammar && { grammar: grammar as never }),
        signal,
        stopOnAbortSignal: true,
      });
      signal.throwIfAborted();
      const hasCalls = emitter.finish(response, functionCalls ?? []);
      const meter = sequence.tokenMeter;
      // The last token of the input is read together with the first of the output.
      const cached = Math.max(0, input - 1 - (meter.usedInputTokens - usedInputTokens));
      emit({
        case: 'usage',
        value: {
          input: BigInt(input), cached: BigInt(cached), output: BigInt(meter.usedOutputTokens - usedOutputTokens), reasoning: BigInt(emitter.thoughtTokens),
          computeMs: BigInt(Math.ceil(performance.now() - begunAt)),
        },
      });
      emit({ case: 'finish', value: finishOf(metadata.stopReason, hasCalls, metadata.customStopTrigger) });
    });
  }

  /** Frees the model's memory. Calls must have ended. */
  async close(): Promise<void> {
    await this.llama.dispose();
  }

  private tokensOf(chatHistory: readonly HistoryItem[], form: AskedForm): number {
    const { chatWrapper } = this.first;
    const state = chatWrapper.generateContextState({ chatHistory, ...(form.kind === 'tools' && { availableFunctions: form.functions as LlamaFunctions, documentFunctionParams: true }) });
    return state.contextText.tokenize(this.model.tokenizer).length;
  }

  private async grammarOf(form: AskedForm): Promise<object | undefined> {
    if (form.kind !== 'json' && form.kind !== 'call') return undefined;
    try {
      return form.schema ? await this.llama.createGrammarForJsonSchema(form.schema) : await this.llama.getGrammarFor('json');
    } catch (cause) {
      throw new AppError('unsupported_value', 'The schema cannot be made into a grammar: it is nested too deeply, or refers to itself.', { status: 400, param: form.kind === 'json' ? 'response_format' : 'tools', cause });
    }
  }
}

function withWords(history: HistoryItem[], form: AskedForm): HistoryItem[] {
  return form.kind === 'call' ? [{ type: 'system', text: form.words }, ...history] : history;
}

function finishOf(stopReason: string, hasCalls: boolean, stop: readonly unknown[] | undefined): { reason: FinishReason; stopSequence: string } {
  const stopSequence = (stop ?? []).filter((piece) => typeof piece === 'string').join('');
  if (stopReason === 'maxTokens') return { reason: FinishReason.LENGTH, stopSequence: '' };
  return { reason: hasCalls ? FinishReason.TOOL_CALLS : FinishReason.STOP, stopSequence };
}

function describe(name: string, contextTokens: number, { fileInfo }: LlamaModel, { chatWrapper }: LlamaConversation): LocalModel {
  const parameters = (fileInfo.tensorInfo ?? []).reduce((sum, { dimensions }) => sum + dimensions.reduce<bigint>((size, side) => size * BigInt(side), 1n), 0n);
  return create(LocalModelSchema, {
    name,
    contextTokens: BigInt(contextTokens),
    tools: true,
    vision: false,
    jsonSchema: true,
    reasoning: chatWrapper.settings.segments?.thought !== undefined,
    architecture: fileInfo.metadata.general.architecture,
    parameters,
  });
}
