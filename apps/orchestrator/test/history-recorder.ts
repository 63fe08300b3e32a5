import { fileURLToPath } from 'node:url';
import { toBinary } from '@bufbuild/protobuf';
import { ProcessedRequestSchema, RunStatus, type ExecuteTool, type InferenceRequest } from '@nexus/contracts';
import { newId } from '@nexus/core';
import { asTenant } from '@nexus/runtime';
import { waitFor } from '@nexus/testing';
import type { History } from './history-file.js';
import { kinds, pickFrom, type Part, type Pick, type Scenario } from './history-scenarios.js';
import { Neighbours, script, toolResult, type ModelAnswer, type ToolAnswer } from './neighbours.js';
import { Directory, startReplica, type Replica } from './orchestrator-test.js';

const AGENTS = fileURLToPath(new URL('histories/agents', import.meta.url));
const AT_ONCE = 80;
const PATIENCE = { timeoutMs: 60_000 };

interface Row { readonly id: string; readonly thread_id: string; readonly queued_behind: number; readonly status: RunStatus; readonly message_id: string; readonly at: number; readonly fingerprint: number | null; readonly payload: Buffer }

/** Plays runs of every kind on two replicas of the orchestrator, and reads what they stored and published. */
export class HistoryRecorder {
  private readonly directory = new Directory();
  private readonly tenant = this.directory.tenant();
  private readonly parts: Part[] = [];
  private readonly kindOf = new Map<string, string>();
  private readonly partOf = new Map<string, Part>();
  private readonly attempts = new Map<string, string[]>();
  /** Runs in which somebody owes an answer and will not give it. */
  private readonly stuck = new Set<string>();
  private world!: Neighbours;
  private replicas: readonly Replica[] = [];

  constructor(private readonly where: { readonly databaseUrl: string; readonly redisUrl: string }, private readonly pick: Pick) {}

  /** `scale` 1 is a thousand scenarios and a few more; each kind is played once at least. */
  static async record(where: { readonly databaseUrl: string; readonly redisUrl: string }, scale: number, seed: number): Promise<readonly History[]> {
    const recorder = new HistoryRecorder(where, pickFrom(seed));
    try {
      await recorder.start();
      await recorder.playAll(scale);
      return await recorder.read();
    } finally {
      await recorder.stop();
    }
  }

  private async start(): Promise<void> {
    this.world = await Neighbours.start(this.where.redisUrl, { model: (request) => this.model(request), tool: (call) => this.tool(call) });
    const environment = { NEXUS_CONFIG_DIR: AGENTS };
    this.replicas = await Promise.all(['a', 'b'].map((replica) => startReplica({ ...this.where, directory: this.directory, replica, environment })));
  }

  private async stop(): Promise<void> {
    await Promise.all(this.replicas.map((replica) => replica.stop()));
    await this.world?.stop();
  }

  private model(request: InferenceRequest): ModelAnswer | undefined {
    const { runId = '', step = 0 } = request.run ?? {};
    const question = script(request).findLast((line) => line.startsWith('U: '));
    const part = this.parts[Number(/\[(\d+)\]/.exec(question ?? '')?.[1] ?? -1)];
    if (part === undefined) throw new Error(`nobody asked ${question}`);
    this.partOf.set(runId, part);
    const tries = this.attempts.get(`${runId} ${step}`) ?? [];
    if (!tries.includes(request.attemptId)) tries.push(request.attemptId);
    this.attempts.set(`${runId} ${step}`, tries);
    return this.orStuck(runId, part.model(step, tries.indexOf(request.attemptId)));
  }

  private tool(call: ExecuteTool): ToolAnswer | undefined {
    const { tool } = this.partOf.get(call.runId) ?? {};
    return this.orStuck(call.runId, tool === undefined ? `the result of ${call.call?.arguments}` : tool(call));
  }

  private orStuck<T>(runId: string, answer: T | undefined): T | undefined {
    if (answer === undefined) this.stuck.add(runId);
    return answer;
  }

  private async playAll(scale: number): Promise<void> {
    const all = Object.entries(kinds).flatMap(([kind, { share, make }]) => Array.from({ length: Math.max(1, Math.round(share * scale)) }, () => ({ kind, make })));
    const waiting = all.map((scenario) => ({ scenario, order: this.pick(1_000_000) })).sort((a, b) => a.order - b.order).map(({ scenario }) => scenario);
    const play = async (): Promise<void> => {
      for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) await this.play(next.kind, next.make(this.pick));
    };
    await Promise.all(Array.from({ length: AT_ONCE }, play));
  }

  private async play(kind: string, scenario: Scenario): Promise<void> {
    const ids: string[] = [];
    for (const part of scenario.parts) ids.push(await this.ask(kind, part));
    const [first = ''] = ids;
    if (scenario.meddling !== undefined) await this.meddle(kind, scenario.meddling, first, ids.at(-1) ?? '');
    if (!scenario.isLeft) for (const id of ids) await this.answered(id);
    else if (ids.length > 1) await this.isQueued(ids.at(-1) ?? '');
    else await this.isStuck(first);
  }

  private async ask(kind: string, part: Part): Promise<string> {
    const mark = ` [${this.parts.push(part) - 1}]`;
    const id = newId();
    this.kindOf.set(id, kind);
    const { request } = part;
    const last = request.history?.at(-1)?.parts?.[0];
    if (last?.kind?.case === 'text') last.kind.value += mark;
    await this.world.ask(id, { ...request, text: request.text === '' ? '' : `${request.text ?? ''}${mark}` }, this.tenant.secret);
    return id;
  }

  private async meddle(kind: string, meddling: NonNullable<Scenario['meddling']>, first: string, last: string): Promise<void> {
    switch (meddling) {
      case 'cancel':
        await this.isStuck(first);
        return this.world.ask(newId(), { cancelsMessageId: first }, this.tenant.secret);
      case 'cancel last':
        await this.isQueued(last);
        return this.world.ask(newId(), { cancelsMessageId: last }, this.tenant.secret);
      case 'fork': {
        const { runId } = await this.answered(first);
        const id = newId();
        this.kindOf.set(id, 'fork');
        await this.world.ask(id, { forkedFrom: { runId, step: this.pick(2) }, surface: 'web' }, this.tenant.secret);
        await this.answered(id);
        return;
      }
      case 'results out of order':
      case 'results twice': {
        const calls = await waitFor(() => [this.world.toolCalls.filter(({ correlationId }) => correlationId === first)].find(({ length }) => length === 3), PATIENCE);
        const [a, b, c] = calls.map((call) => toolResult(call, `the result of ${call.payload.call?.name}`));
        if (a === undefined || b === undefined || c === undefined) throw new Error('three calls have three results');
        await this.world.bus.publishAll(meddling === 'results twice' ? [a, a, b, a, b, c, c] : [c, a, b]);
      }
    }
  }

  private answered(messageId: string) {
    return waitFor(() => this.world.answersTo(messageId)[0], { ...PATIENCE, what: `an answer to a run that is ${this.kindOf.get(messageId)}` });
  }

  private isStuck(messageId: string) {
    return waitFor(async () => this.stuck.has((await this.run(messageId))?.id ?? ''), PATIENCE);
  }

  private isQueued(messageId: string) {
    return waitFor(async () => (await this.run(messageId))?.status === RunStatus.QUEUED, PATIENCE);
  }

  private async run(messageId: string) {
    const threads = this.replicas[0]?.clients.threads;
    return (await threads?.getRun({ by: { case: 'messageId', value: messageId } }, asTenant(this.tenant.tenantId)).catch(() => undefined))?.run;
  }

  private async read(): Promise<readonly History[]> {
    const rows = await this.replicas[0]?.database.withTenant(this.tenant.tenantId, (tx) => tx.query<Row>('histories', `
      SELECT r.id, r.thread_id, r.queued_behind, r.status, r.message_id, (extract(epoch FROM e.at) * 1000)::bigint AS at, e.fingerprint, e.payload
        FROM orchestrator.run r JOIN orchestrator.run_event e ON e.run_id = r.id ORDER BY r.created_at, r.id, e.seq`, [])) ?? [];
    const byRun = new Map<string, Row[]>();
    for (const row of rows) byRun.set(row.id, [...(byRun.get(row.id) ?? []), row]);
    return [...byRun.values()].map((events) => {
      const { id, thread_id, queued_behind, status, message_id } = events[0] as Row;
      const [answer] = this.world.answersTo(message_id);
      return {
        kind: this.kindOf.get(message_id) ?? 'unknown', runId: id, threadId: thread_id, queuedBehind: queued_behind, status,
        events: events.map(({ at, fingerprint, payload }) => ({ at, fingerprint, payload })),
        answer: answer && toBinary(ProcessedRequestSchema, answer),
      };
    });
  }
}
