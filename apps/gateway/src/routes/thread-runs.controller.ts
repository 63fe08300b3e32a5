import { Body, Controller, Inject, Param, Post, Res } from '@nestjs/common';
import type { ServerResponse } from 'node:http';
import { deterministicId, failpoint, newId } from '@nexus/core';
import { AgentCalls, CLIENTS, TRACER, attributes, type AcceptedRun, type AgentCall, type ServiceClients, type Span, type Tracer } from '@nexus/runtime';
import { z } from 'zod';
import { Admission, RUN_QUEUES } from '../handlers/admission.js';
import { acceptedRunJson, runJson } from '../domain/run-json.js';
import { toRunRequest } from '../domain/run-request.js';
import { KeyedRuns, type KeyedMessage } from '../handlers/keyed-runs.js';
import { Api, type ApiCall } from './caller.js';
import { bodyHash } from './idempotency-key.js';
import { parseInput } from './parse-input.js';
import { publisherOf } from './publisher.js';
import { requireId } from './require-id.js';
import { RunParts } from './run-parts.js';
import { RunStreams } from './run-streams.js';
import { writeJson } from './write-error.js';

const name = z.string('must be a string').max(200, 'must have at most 200 characters');
const newRun = z.strictObject({
  content: z.unknown().optional(),
  messages: z.unknown().optional(),
  agent: name.default('default'),
  model: name.default(''),
  timezone: name.default(''),
  locale: name.default(''),
  stream: z.boolean('must be true or false').nullish(),
});

/** POST /v1/threads/{thread_id}/runs: says something in a thread and starts the run that answers it. */
@Controller('v1/threads/:thread_id/runs')
export class ThreadRunsController {
  constructor(
    @Inject(CLIENTS) private readonly clients: ServiceClients,
    @Inject(AgentCalls) private readonly agentCalls: AgentCalls,
    @Inject(RunStreams) private readonly streams: RunStreams,
    @Inject(KeyedRuns) private readonly keyedRuns: KeyedRuns,
    @Inject(Admission) private readonly admission: Admission,
    @Inject(TRACER) private readonly tracer: Tracer,
  ) {}

  /** Answers once the start of the run is stored. The same Idempotency-Key gives the same run, and the same bytes: the run as it was accepted. */
  @Post()
  async create(@Api() call: ApiCall, @Param('thread_id') threadId: string, @Body() body: unknown, @Res() response: ServerResponse): Promise<void> {
    const { content, messages, stream, ...options } = parseInput(newRun, body ?? {});
    const request = toRunRequest(threadId, { content, messages }, options);
    requireId('thread', threadId);
    await this.clients.threads.getThread({ id: threadId }, call.options);
    const keyed = keyedMessage(call, threadId, body);
    const known = keyed && (await this.keyedRuns.find(keyed, call.options));
    if (known && stream === true) return this.streams.resume(call, known.run.id, threadId, undefined, response);
    if (known) return writeJson(response, 202, acceptedRunJson(known.run));
    failpoint('gateway.before-publish');
    const parts = new RunParts();
    const span = this.startSpan(call, threadId, options.agent);
    this.admission.publishing(RUN_QUEUES);
    const agentCall = this.agentCalls.ask(request, {
      publisher: publisherOf(call),
      messageId: keyed?.messageId ?? newId(),
      isRepeatable: keyed !== undefined,
      requestHash: keyed?.requestHash,
      correlationId: call.requestId,
      trace: span.trace,
      onProgress: (message) => parts.add(message),
    });
    const { runId } = await acceptance(agentCall, span);
    if (stream === true) {
      await this.streams.begin(call, runId, response, parts, agentCall);
      return;
    }
    agentCall.forget();
    const { run, answer } = await this.clients.threads.getRun({ by: { case: 'id', value: runId } }, call.options);
    writeJson(response, 202, run ? (keyed ? acceptedRunJson(run) : runJson(run, answer)) : { id: runId, object: 'thread.run', thread_id: threadId });
  }

  private startSpan({ tenantId, trace }: ApiCall, threadId: string, agent: string): Span {
    const span = this.tracer.startSpan(`invoke_agent ${agent}`, { kind: 'server', parent: trace });
    if (span.isRecording) {
      span.setAttributes({
        [attributes.operationName]: 'invoke_agent',
        [attributes.agentName]: agent,
        [attributes.conversationId]: threadId,
        [attributes.httpMethod]: 'POST',
        [attributes.httpRoute]: '/v1/threads/{thread_id}/runs',
        [attributes.tenantId]: tenantId,
      });
    }
    return span;
  }
}

/** The span of the request ends where the run begins to live on its own. */
async function acceptance(agentCall: AgentCall, span: Span): Promise<AcceptedRun> {
  try {
    const accepted = await agentCall.accepted;
    span.setAttributes({ [attributes.runId]: accepted.runId });
    return accepted;
  } catch (error) {
    agentCall.forget();
    span.recordError(error);
    throw error;
  } finally {
    span.end();
  }
}

function keyedMessage({ tenantId, idempotencyKey }: ApiCall, threadId: string, body: unknown): KeyedMessage | undefined {
  if (idempotencyKey === undefined) return undefined;
  return { messageId: deterministicId(tenantId, 'POST /v1/threads/runs', threadId, idempotencyKey), requestHash: bodyHash(JSON.stringify(body ?? {})) };
}
