import { Body, Controller, Get, Inject, Param, Patch, Post, Query } from '@nestjs/common';
import { deterministicId, newId } from '@nexus/core';
import { CLIENTS, type ServiceClients } from '@nexus/runtime';
import { z } from 'zod';
import { API_SURFACE } from '../domain/agent-request.js';
import { listJson, storedMessageId, threadJson, threadMessageJson, type ListJson, type ThreadJson, type ThreadMessageJson } from '../domain/thread-json.js';
import { Api, type ApiCall } from './caller.js';
import { pageQuery } from './page-query.js';
import { parseInput } from './parse-input.js';
import { requireId } from './require-id.js';

const title = z.string('must be a string').max(200, 'must have at most 200 characters');
const newThread = z.strictObject({ title: title.default('') }).default({ title: '' });
const threadChange = z
  .strictObject({ title: title.optional(), archived: z.boolean('must be true or false').optional() })
  .refine((change) => change.title !== undefined || change.archived !== undefined, 'must change title or archived');
const threadsQuery = pageQuery.extend({ include_archived: z.enum(['true', 'false'], 'must be true or false').default('false') });

/** /v1/threads: conversations that NEXUS keeps. */
@Controller('v1/threads')
export class ThreadsController {
  constructor(@Inject(CLIENTS) private readonly clients: ServiceClients) {}

  /** The same Idempotency-Key gives the same thread. */
  @Post()
  async create(@Api() { tenantId, idempotencyKey, options }: ApiCall, @Body() body: unknown): Promise<ThreadJson> {
    const wanted = parseInput(newThread, body);
    const id = idempotencyKey === undefined ? newId() : deterministicId(tenantId, 'POST /v1/threads', idempotencyKey);
    return threadJson(await this.clients.threads.createThread({ id, title: wanted.title, surface: API_SURFACE }, options));
  }

  @Get()
  async list(@Api() { options }: ApiCall, @Query() query: unknown): Promise<ListJson<ThreadJson>> {
    const { limit, after, include_archived } = parseInput(threadsQuery, query);
    const { threads, hasMore } = await this.clients.threads.listThreads({ limit, after, includeArchived: include_archived === 'true' }, options);
    return listJson(threads.map(threadJson), hasMore);
  }

  @Get(':thread_id')
  async get(@Api() { options }: ApiCall, @Param('thread_id') id: string): Promise<ThreadJson> {
    requireId('thread', id);
    return threadJson(await this.clients.threads.getThread({ id }, options));
  }

  @Patch(':thread_id')
  async update(@Api() { options }: ApiCall, @Param('thread_id') id: string, @Body() body: unknown): Promise<ThreadJson> {
    const change = parseInput(threadChange, body);
    requireId('thread', id);
    return threadJson(await this.clients.threads.updateThread({ id, ...change }, options));
  }

  @Get(':thread_id/messages')
  async messages(@Api() { options }: ApiCall, @Param('thread_id') threadId: string, @Query() query: unknown): Promise<ListJson<ThreadMessageJson>> {
    const { limit, after } = parseInput(pageQuery, query);
    requireId('thread', threadId);
    const { messages, hasMore } = await this.clients.threads.listMessages({ threadId, limit, after: storedMessageId(after) }, options);
    return listJson(messages.flatMap((message) => threadMessageJson(threadId, message)), hasMore);
  }
}
