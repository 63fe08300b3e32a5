import { create } from '@bufbuild/protobuf';
import type { HandlerContext, ServiceImpl } from '@connectrpc/connect';
import { Inject } from '@nestjs/common';
import { GetResponsesResponseSchema, KeepResponseResponseSchema, ResponseService, type GetResponsesRequest, type KeepResponseRequest } from '@nexus/contracts';
import { AppError, isUuid } from '@nexus/core';
import { RpcService, requireTenant } from '@nexus/runtime';
import { KeptResponseStore } from './storage/kept-response.store.js';

const MOST_IDS = 100;

/** Items of the tenant's responses. */
@RpcService(ResponseService)
export class ResponseRpc implements ServiceImpl<typeof ResponseService> {
  constructor(@Inject(KeptResponseStore) private readonly responses: KeptResponseStore) {}

  async keepResponse({ response }: KeepResponseRequest, context: HandlerContext) {
    const { tenantId } = requireTenant(context);
    if (response === undefined || !isUuid(response.id)) throw new AppError('invalid_request', 'id must be a UUID.', { status: 400, param: 'response.id' });
    if (response.items.some((item) => item.includes('\u0000'))) throw new AppError('invalid_request', 'items must be JSON.', { status: 400, param: 'response.items' });
    await this.responses.keep(tenantId, response);
    return create(KeepResponseResponseSchema);
  }

  async getResponses({ ids }: GetResponsesRequest, context: HandlerContext) {
    const { tenantId } = requireTenant(context);
    if (ids.length > MOST_IDS || !ids.every(isUuid)) throw new AppError('invalid_request', `ids must be at most ${MOST_IDS} UUIDs.`, { status: 400, param: 'ids' });
    return create(GetResponsesResponseSchema, { responses: (await this.responses.get(tenantId, ids)).map(({ id, items }) => ({ id, items: [...items] })) });
  }
}
