import { create } from '@bufbuild/protobuf';
import type { HandlerContext, ServiceImpl } from '@connectrpc/connect';
import { ListToolsResponseSchema, ToolService } from '@nexus/contracts';
import { RpcService, requireService } from '@nexus/runtime';
import { ToolRegistry } from './domain/tool-registry.js';

/** What the other services ask about tools. */
@RpcService(ToolService)
export class ToolExecutorRpc implements ServiceImpl<typeof ToolService> {
  constructor(private readonly registry: ToolRegistry) {}

  async listTools(_request: unknown, context: HandlerContext) {
    requireService(context);
    return create(ListToolsResponseSchema, {
      tools: this.registry.list().map(({ name, description, parameters, isIdempotent, timeoutMs }) => ({
        definition: { name, description, parameters: JSON.stringify(parameters) },
        isIdempotent,
        timeoutMs: BigInt(timeoutMs),
      })),
    });
  }
}
