import type { MessageInitShape } from '@bufbuild/protobuf';
import type { HandlerContext, ServiceImpl } from '@connectrpc/connect';
import { GenerateResponseSchema, type GenerateRequest, type LocalModelService } from '@nexus/contracts';
import { AppError } from '@nexus/core';
import type { LlamaEngine } from './engine/llama-engine.js';
import { emitted } from './emitted.js';
import { rpcStatus } from './rpc-status.js';

type Response = MessageInitShape<typeof GenerateResponseSchema>;

/** nexus.local.v1 for one model. Until `engine` gives it, calls are refused as UNAVAILABLE; `closing` stops those under way. */
export function localModelRpc(engine: () => LlamaEngine | undefined, closing: AbortSignal): ServiceImpl<typeof LocalModelService> {
  const loaded = (): LlamaEngine => {
    const found = closing.aborted ? undefined : engine();
    if (!found) throw new AppError('not_ready', 'The model is being loaded, or stops.', { status: 503, isRetryable: true });
    return found;
  };
  const named = (name: string): LlamaEngine => {
    const found = loaded();
    if (found.description.name !== name) throw new AppError('model_not_found', `There is no model "${name.slice(0, 128)}" here, only "${found.description.name}".`, { status: 404, param: 'model' });
    return found;
  };
  return {
    async *generate(request: GenerateRequest, context: HandlerContext): AsyncGenerator<Response> {
      try {
        const model = named(request.model);
        const signal = AbortSignal.any([context.signal, closing]);
        yield* emitted<Response>((push) => model.generate(request, (kind) => push({ kind }), signal));
      } catch (error) {
        throw rpcStatus(closing.aborted ? new AppError('not_ready', 'The model stops.', { status: 503, isRetryable: true, cause: error }) : error);
      }
    },
    countTokens: answered(({ model, messages, tools }) => ({ tokens: BigInt(named(model).countTokens(messages, tools)) })),
    listLocalModels: answered(() => ({ models: [loaded().description] })),
    getLocalModel: answered(({ model }) => ({ model: named(model).description })),
  };
}

function answered<I, O>(answer: (request: I) => O): (request: I) => Promise<O> {
  return async (request) => {
    try {
      return answer(request);
    } catch (error) {
      throw rpcStatus(error);
    }
  };
}
