import { createHash } from 'node:crypto';
import { create } from '@bufbuild/protobuf';
import { createRouterTransport, decodeBinaryHeader, type ConnectRouter } from '@connectrpc/connect';
import {
  AgentService, BudgetScope, DeadLetterService, DirectoryService, FileService, KeyKind, KeySchema, ProviderService, ResponseService, RunStatus, SettingsService, TaskService, TaskState, ThreadService, UsageService,
  ProcessedRequestSchema, QueuedTaskSchema, Outcome, type Key, type ProcessedRequest, type QueuedTask, type Thread,
} from '@nexus/contracts';
import { AppError } from '@nexus/core';
import { toConnectError, type ServiceClients } from '@nexus/runtime';

export const TENANT_A = '00000000-0000-7000-8000-0000000000aa';
const TENANT_B = '00000000-0000-7000-8000-0000000000bb';

type KeyFields = Partial<Omit<Key, '$typeName'>>;

/** Keys of the tests by their secret; a test may revoke one by deleting it. */
export function testKeys(): Map<string, { readonly tenantId: string; readonly key: KeyFields }> {
  return new Map([
    ['nx_a_user', { tenantId: TENANT_A, key: { id: 'key-user', kind: KeyKind.API, client: 'acme', project: 'site' } }],
    ['nx_a_admin', { tenantId: TENANT_A, key: { id: 'key-admin', kind: KeyKind.API, isAdmin: true } }],
    ['nx_a_surface', { tenantId: TENANT_A, key: { id: 'key-surface', kind: KeyKind.SURFACE, surfaces: ['telegram'] } }],
    ['nx_b_user', { tenantId: TENANT_B, key: { id: 'key-b', kind: KeyKind.API } }],
  ]);
}

export interface StoredRun {
  readonly tenantId: string;
  readonly id: string;
  readonly threadId: string;
  readonly messageId: string;
  /** Of whoever asked, and where. */
  readonly keyId?: string | undefined;
  readonly surface?: string | undefined;
  /** The hash that the message came with. */
  readonly requestHash?: string | undefined;
  status: RunStatus;
  answer?: ProcessedRequest;
}

/** What the neighbours remember, for tests to read and change. */
export interface Neighbourhood {
  readonly keys: ReturnType<typeof testKeys>;
  readonly threads: Map<string, { readonly tenantId: string; readonly thread: Partial<Omit<Thread, '$typeName'>> & { id: string } }>;
  readonly runs: Map<string, StoredRun>;
  readonly cancelled: string[];
  /** Items of responses, by tenant and id. */
  readonly responses: Map<string, readonly string[]>;
  readonly tasks: Map<string, { readonly tenantId: string; readonly task: QueuedTask }>;
  readonly files: Map<string, { readonly tenantId: string; readonly name: string; readonly content: Uint8Array }>;
  /** That changes of threads came with. */
  readonly idempotencyKeys: (string | null)[];
}

/** One letter each, seen in the order of these names, and none for a key that is no admin's. */
const keepers = ['settings', 'provider-router', 'usage', 'orchestrator', 'tool-executor'];

function keepDeadLetters(router: ConnectRouter, service: string): void {
  router.service(DeadLetterService, {
    listDeadLetters({ channel }, { requestHeader }) {
      const tenantId = tenantOf(requestHeader);
      const bytes = requestHeader.get('x-nexus-key-bin');
      if (bytes !== null && !decodeBinaryHeader(bytes, KeySchema).isAdmin) throw toConnectError(new AppError('admin_required', 'This needs an admin key of the tenant.', { status: 403 }));
      return { deadLetters: [{ id: `${service} ${tenantId}`, channel, consumerGroup: service, lastSeenAt: BigInt(keepers.indexOf(service)) }] };
    },
    countDeadLetters: () => ({ counts: [{ consumerGroup: service, count: keepers.indexOf(service) }] }),
    getDeadLetter: ({ id }) => (id === service ? { problem: `of ${service}` } : notFound('dead_letter')),
    replayDeadLetters({ selection, dryRun }) {
      if (selection?.reasonCode === `${service} is away`) throw toConnectError(new AppError('database_unavailable', 'Away.', { status: 503, isRetryable: true }));
      if (selection?.reasonCode === 'refused') throw toConnectError(new AppError('invalid_selection', 'Say which.', { status: 400 }));
      return { selected: 2, replayed: dryRun ? 0 : 1, hasMore: service === 'usage', seenUntil: BigInt(keepers.indexOf(service)), failures: [{ id: service }] };
    },
    purgeDeadLetters: () => ({ selected: 1, purged: 1, seenUntil: 7n }),
  });
}

function notFound(what: string): never {
  throw toConnectError(new AppError(`${what}_not_found`, `There is no such ${what}.`, { status: 404, param: 'id' }));
}

/** Puts services that remember in memory in the places of settings, provider-router, usage and orchestrator's own RPCs. */
export function offerNeighbours(clients: ServiceClients, neighbourhood: Neighbourhood): void {
  const { keys, threads, runs, cancelled, tasks, files, responses, idempotencyKeys } = neighbourhood;
  clients.offer('settings', createRouterTransport((router) => {
    router.service(DirectoryService, {
      resolveKey: ({ hash }) => [...keys].find(([secret]) => createHash('sha256').update(secret).digest().equals(hash))?.[1] ?? {},
      getTenantSettings: () => ({}),
    });
    keepDeadLetters(router, 'settings');
    router.service(SettingsService, {
      getConfig: ({ prefix }) => ({ values: { [`${prefix}research.model`]: '"demo"' } }),
      listProviders: () => ({ providers: [{ enabled: true, status: { name: 'demo', isConfigured: true, models: ['demo'] } }, { enabled: false, status: { name: 'openai', isConfigured: true } }] }),
    });
  }));
  clients.offer('provider-router', createRouterTransport((router) => {
    keepDeadLetters(router, 'provider-router');
    router.service(ProviderService, {
      testProvider: ({ provider }) => ({ ok: true, models: [`${provider}/one`] }),
      listModels: () => ({ models: [{ id: 'openai/gpt-4o', provider: 'openai' }, { id: 'bench/fake*', provider: 'bench', isPattern: true }] }),
    });
  }));
  clients.offer('usage', createRouterTransport((router) => {
    keepDeadLetters(router, 'usage');
    router.service(UsageService, {
      getUsage: ({ groupBy, client }) => ({
        rows: [{ ...(groupBy.includes('day') && { day: '1970-01-01' }), client, attempts: 3n, failed: 1n, costMicroUsd: 700n, tokens: { input: 80n } }],
        total: { attempts: 3n, failed: 1n, costMicroUsd: 700n },
      }),
      openAttempts: () => ({}),
      getQuota: () => ({ budgets: [{ name: 'month', period: 'month', limitMicroUsd: 1_000n, spentMicroUsd: 700n, reservedMicroUsd: 400n, resetsAt: 1_764_547_200_000n, scope: BudgetScope.CLIENT, subject: 'acme' }], runs: { plan: 'team', runsPerMonth: 5_000n, used: 12n, resetsAt: 1_764_547_200_000n } }),
      listLedger: ({ client, after, limit }, { requestHeader }) => ({
        rows: [{ attemptId: 'attempt-1', correction: 1, day: '2026-11-20', settledAt: 1_763_640_000_000n, provider: 'openai', model: 'gpt-4o', costMicroUsd: 700n, attribution: { client, user: tenantOf(requestHeader) }, step: limit }],
        next: after === '' ? '2026-11-20.7' : '',
      }),
    });
  }));
  clients.offer('tool-executor', createRouterTransport((router) => keepDeadLetters(router, 'tool-executor')));
  clients.offer('orchestrator', createRouterTransport((router) => {
    keepDeadLetters(router, 'orchestrator');
    const threadOf = (tenantId: string, id: string) => {
      const found = threads.get(id);
      return found?.tenantId === tenantId ? found.thread : notFound('thread');
    };
    router.service(AgentService, { queryAgent: ({ userQuery }) => create(ProcessedRequestSchema, { text: `heard: ${userQuery}`, outcome: Outcome.ANSWERED }) });
    const taskOf = (headers: Headers, id: string): QueuedTask => {
      const found = tasks.get(id);
      return found?.tenantId === tenantOf(headers) ? found.task : notFound('task');
    };
    router.service(ResponseService, {
      keepResponse({ response }, { requestHeader }) {
        if (response) responses.set(`${tenantOf(requestHeader)} ${response.id}`, response.items);
        return {};
      },
      getResponses: ({ ids }, { requestHeader }) => ({
        responses: ids.flatMap((id) => {
          const items = responses.get(`${tenantOf(requestHeader)} ${id}`);
          return items ? [{ id, items: [...items] }] : [];
        }),
      }),
    });
    const fileOf = (id: string, name: string, content: Uint8Array) => ({ id, name, mediaType: 'text/plain', bytes: BigInt(content.length), createdAt: 1_763_600_000_000n, expiresAt: 1_766_192_000_000n });
    router.service(FileService, {
      putFile({ id, name, content }, { requestHeader }) {
        const before = files.get(id);
        if (content.length === 0) throw toConnectError(new AppError('invalid_request', 'A file must not be empty.', { status: 400, param: 'content' }));
        if (before && !Buffer.from(before.content).equals(content)) throw toConnectError(new AppError('idempotency_key_reused', 'Another file stands under this id.', { status: 422, param: 'id' }));
        files.set(id, { tenantId: tenantOf(requestHeader), name, content });
        return fileOf(id, name, content);
      },
      getFile({ id }, { requestHeader }) {
        const file = files.get(id);
        return file?.tenantId === tenantOf(requestHeader) ? { file: fileOf(id, file.name, file.content), content: file.content } : notFound('file');
      },
    }, { readMaxBytes: 32 * 1_048_576 });
    router.service(TaskService, {
      enqueueTask({ text, agent, model }, { requestHeader }) {
        idempotencyKeys.push(requestHeader.get('idempotency-key'));
        const task = create(QueuedTaskSchema, { id: `task-${tasks.size + 1}`, text, agent, model, state: TaskState.QUEUED, position: tasks.size + 1, createdAt: 1_763_600_000_000n });
        tasks.set(task.id, { tenantId: tenantOf(requestHeader), task });
        return task;
      },
      listTasks({ limit, state }, { requestHeader }) {
        const mine = [...tasks.values()].filter(({ tenantId, task }) => tenantId === tenantOf(requestHeader) && (state === TaskState.UNSPECIFIED || task.state === state)).map(({ task }) => task).reverse();
        return { tasks: mine.slice(0, limit), hasMore: mine.length > limit };
      },
      getTask: ({ id }, { requestHeader }) => taskOf(requestHeader, id),
      cancelTask({ id }, { requestHeader }) {
        const task = taskOf(requestHeader, id);
        task.state = TaskState.CANCELLED;
        task.position = 0;
        return task;
      },
    });
    router.service(ThreadService, {
      createThread({ id, title, surface }, context) {
        const thread = threads.get(id)?.thread ?? { id, title, surface, createdAt: 1_763_600_000_000n, updatedAt: 1_763_600_000_000n };
        threads.set(id, { tenantId: tenantOf(context.requestHeader), thread });
        return thread;
      },
      listThreads({ limit, after }, context) {
        const mine = [...threads.values()].filter(({ tenantId }) => tenantId === tenantOf(context.requestHeader)).map(({ thread }) => thread).reverse();
        const from = after === '' ? 0 : mine.findIndex(({ id }) => id === after) + 1;
        return { threads: mine.slice(from, from + limit), hasMore: mine.length > from + limit };
      },
      getThread: ({ id }, context) => threadOf(tenantOf(context.requestHeader), id),
      updateThread({ id, title, archived }, context) {
        idempotencyKeys.push(context.requestHeader.get('idempotency-key'));
        const thread = { ...threadOf(tenantOf(context.requestHeader), id), ...(title !== undefined && { title }), ...(archived !== undefined && { archivedAt: archived ? 1_763_600_001_000n : 0n }) };
        threads.set(id, { tenantId: tenantOf(context.requestHeader), thread });
        return thread;
      },
      listMessages: ({ threadId }, context) => {
        threadOf(tenantOf(context.requestHeader), threadId);
        return {
          messages: [
            { id: 'run-1.1', runId: 'run-1', createdAt: 1_763_600_000_000n, message: { role: 2, parts: [{ kind: { case: 'text', value: 'hello' } }] } },
            { id: 'run-1.2', runId: 'run-1', createdAt: 1_763_600_000_500n, message: { role: 3, parts: [{ kind: { case: 'text', value: 'hi there' } }] } },
          ],
          hasMore: false,
        };
      },
      getRun({ by }, context) {
        const run = [...runs.values()].find((each) => each.tenantId === tenantOf(context.requestHeader) && (by.case === 'id' ? each.id : each.messageId) === by.value);
        if (!run) return notFound('run');
        const { id, threadId, messageId, status, answer, requestHash, keyId, surface } = run;
        return { run: { id, threadId, messageId, status, agent: 'default', createdAt: 1_763_600_000_000n, usage: answer?.usage }, events: [{ seq: 1, kind: 'accepted', createdAt: 1_763_600_000_000n, payloadJson: JSON.stringify({ accepted: { requestHash, attribution: { keyId }, request: { surface } } }) }], answer };
      },
      replayRun({ id }, context) {
        if (runs.get(id)?.tenantId !== tenantOf(context.requestHeader)) return notFound('run');
        return {
          run: { id, status: RunStatus.SUCCEEDED },
          events: [{ seq: 0, kind: 'accepted', phase: 'model', step: 1, computedFingerprint: 10, effects: [{ kind: 'call_model', step: 1, ids: ['a'] }] }, { seq: 1, kind: 'model_answered', phase: 'over', step: 1, costMicroUsd: 7n, storedFingerprint: -1, computedFingerprint: 0x1f, effects: [{ kind: 'reply' }] }],
          divergences: [{ seq: 1, kind: 'fingerprint', message: 'another' }, { seq: -1, kind: 'status', message: 'another' }],
        };
      },
      forkRun({ runId, step, agent, text }, context) {
        idempotencyKeys.push(context.requestHeader.get('idempotency-key'));
        if (runs.get(runId)?.tenantId !== tenantOf(context.requestHeader)) return notFound('run');
        return { run: { id: `fork of ${runId}`, threadId: 'new', status: RunStatus.ACTIVE, agent: `${agent} ${text}`, createdAt: 1_763_600_000_000n, forkedFrom: { runId, step } } };
      },
      cancelRun({ id }, context) {
        const run = runs.get(id);
        if (run?.tenantId !== tenantOf(context.requestHeader)) return notFound('run');
        cancelled.push(id);
        run.status = RunStatus.CANCELLED;
        run.answer = create(ProcessedRequestSchema, { runId: id, threadId: run.threadId, messageId: run.messageId, outcome: Outcome.CANCELLED });
        return { run: { id, status: run.status } };
      },
    });
  }));
}

function tenantOf(headers: Headers): string {
  return headers.get('x-nexus-tenant') ?? '';
}

