import { Body, Controller, Inject, Post, Res } from '@nestjs/common';
import type { ServerResponse } from 'node:http';
import { create } from '@bufbuild/protobuf';
import { IncomingRequestSchema, Progress, type ProcessedRequest } from '@nexus/contracts';
import { deterministicId, failpoint, newId, type Clock } from '@nexus/core';
import { AgentCalls, CLOCK, TRACER, attributes, keyInFlight, type Span, type Tracer } from '@nexus/runtime';
import type { GatewayConfig } from '../config.js';
import { requireAnswer } from '../domain/agent-answer.js';
import { API_SURFACE } from '../domain/agent-request.js';
import { nexusHeaders } from '../domain/nexus-headers.js';
import { isOver } from '../domain/run-json.js';
import { taskInput } from './task-input.js';
import { taskAnswerJson } from '../domain/task-json.js';
import { Admission, RUN_QUEUES } from '../handlers/admission.js';
import { KeyedRuns, type KeyedMessage } from '../handlers/keyed-runs.js';
import { GATEWAY_CONFIG } from '../tokens.js';
import { Api, type ApiCall } from './caller.js';
import { bodyHash } from './idempotency-key.js';
import { parseInput } from './parse-input.js';
import { publisherOf } from './publisher.js';
import { userOf } from './user-header.js';
import { writeJson } from './write-error.js';

/** POST /task: does one task with the cheapest model that can, and says which that was and what it cost. */
@Controller('task')
export class TaskController {
  constructor(
    @Inject(AgentCalls) private readonly agentCalls: AgentCalls,
    @Inject(KeyedRuns) private readonly keyedRuns: KeyedRuns,
    @Inject(Admission) private readonly admission: Admission,
    @Inject(TRACER) private readonly tracer: Tracer,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(GATEWAY_CONFIG) private readonly config: GatewayConfig,
  ) {}

  /** The same Idempotency-Key gives the same answer. */
  @Post()
  async run(@Api() call: ApiCall, @Body() body: unknown, @Res() response: ServerResponse): Promise<void> {
    const { text, agent, model, user } = parseInput(taskInput, body ?? {});
    const keyed = keyedMessage(call, body);
    const span = this.startSpan(call, agent);
    try {
      const answer = (await this.known(call, keyed)) ?? (await this.ask(call, { text, agent, model, user: userOf(call.request) ?? user }, keyed, span, response));
      requireAnswer(answer);
      span.setAttributes({ [attributes.runId]: answer.runId, [attributes.costMicroUsd]: Number(answer.usage?.costMicroUsd ?? 0n) });
      writeJson(response, 200, taskAnswerJson(answer), nexusHeaders(answer.usage?.routing, answer.usage?.costMicroUsd));
    } catch (error) {
      span.recordError(error);
      throw error;
    } finally {
      span.end();
    }
  }

  private async known({ options }: ApiCall, keyed: KeyedMessage | undefined): Promise<ProcessedRequest | undefined> {
    const known = keyed && (await this.keyedRuns.find(keyed, options));
    if (known && !isOver(known.run)) throw keyInFlight();
    return known?.answer;
  }

  private ask(call: ApiCall, task: Task, keyed: KeyedMessage | undefined, span: Span, response: ServerResponse): Promise<ProcessedRequest> {
    const { text, agent, model, user } = task;
    const request = create(IncomingRequestSchema, {
      text, agent, model, surface: API_SURFACE, progress: Progress.NONE,
      deadlineMs: BigInt(this.clock.now() + this.config.timeoutMs),
      ...(user !== undefined && { sender: { id: user } }),
    });
    failpoint('gateway.before-publish');
    const abort = new AbortController();
    this.admission.publishing(RUN_QUEUES);
    const agentCall = this.agentCalls.ask(request, {
      publisher: publisherOf(call),
      messageId: keyed?.messageId ?? newId(),
      isRepeatable: keyed !== undefined,
      requestHash: keyed?.requestHash,
      correlationId: call.requestId,
      trace: span.trace,
      signal: abort.signal,
    });
    response.once('close', () => {
      if (response.writableEnded) return;
      if (keyed) agentCall.forget(); // an answer that can be asked for again is still wanted
      else abort.abort();
    });
    return agentCall.answer;
  }

  private startSpan({ tenantId, trace }: ApiCall, agent: string): Span {
    const name = agent || 'default';
    const span = this.tracer.startSpan(`invoke_agent ${name}`, { kind: 'server', parent: trace });
    if (span.isRecording) {
      span.setAttributes({
        [attributes.operationName]: 'invoke_agent', [attributes.agentName]: name, [attributes.httpMethod]: 'POST', [attributes.httpRoute]: '/task', [attributes.tenantId]: tenantId,
      });
    }
    return span;
  }
}

interface Task {
  readonly text: string;
  readonly agent: string;
  readonly model: string;
  readonly user: string | undefined;
}

function keyedMessage({ tenantId, idempotencyKey }: ApiCall, body: unknown): KeyedMessage | undefined {
  if (idempotencyKey === undefined) return undefined;
  return { messageId: deterministicId(tenantId, 'POST /task', idempotencyKey), requestHash: bodyHash(JSON.stringify(body ?? {})) };
}
