import type { DescMessage, MessageShape } from '@bufbuild/protobuf';
import { ProviderHealthSchema } from './gen/nexus/inference/v1/health_pb.js';
import { CancelInferenceSchema, InferenceRequestSchema, InferenceResponseSchema } from './gen/nexus/inference/v1/inference_pb.js';
import { IncomingRequestSchema, ProcessedRequestSchema, ProgressPartSchema } from './gen/nexus/run/v1/requests_pb.js';
import { AuditRecordedSchema, EventRaisedSchema, SettingsChangedSchema } from './gen/nexus/settings/v1/settings_pb.js';
import { ExecuteToolSchema, ToolExecutedSchema } from './gen/nexus/tool/v1/tool_pb.js';
import { BudgetAlertSchema, UsageRecordedSchema } from './gen/nexus/usage/v1/usage_pb.js';

/**
 * How entries reach their readers. `work`: a consumer group, one of its replicas handles each entry. `broadcast`: every replica
 * reads every entry from the moment it starts.
 */
export type ChannelDelivery = 'work' | 'broadcast';

/** One channel: the only place that binds its name to a message type, a delivery, a retention and rules. */
export interface ChannelDefinition<Schema extends DescMessage = DescMessage> {
  readonly purpose: string;
  readonly message: Schema;
  readonly delivery: ChannelDelivery;
  /** The service that reads it, whose name its consumer group bears; undefined where everybody reads, or only those outside do. */
  readonly group: string | undefined;
  /** The entry goes to `<channel>:<reply-to>` instead when the publisher names a reply-to; that key expires. */
  readonly takesReplyTo: boolean;
  /** Entries are kept at least this long; nothing that a live group has not acknowledged is trimmed. */
  readonly retentionMs: number;
  /** Metadata that an entry must carry. */
  readonly requiredMetadata: readonly string[];
  /** What makes the id unique, and what the same id again does. */
  readonly idScope: string;
  /** What the publisher gets when the entry cannot be handled. */
  readonly failureReply: string;
  /** With more than one partition, entries of one key stay in order. */
  readonly partitionKey: string;
}

const define = <Schema extends DescMessage>(definition: ChannelDefinition<Schema>): ChannelDefinition<Schema> => definition;

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** Every channel of NEXUS. The names are a public contract. */
export const channels = {
  'requests.incoming': define({
    purpose: 'A message of a person, from any surface.',
    message: IncomingRequestSchema,
    delivery: 'work',
    group: 'orchestrator',
    takesReplyTo: false,
    retentionMs: 10 * MINUTE,
    requiredMetadata: ['authorization'],
    idScope: 'Message id, unique in its tenant: the same id again starts nothing and is answered with the same answer.',
    failureReply: 'requests.processed with outcome REFUSED or FAILED; an entry that cannot be read at all becomes a dead letter.',
    partitionKey: 'thread',
  }),
  'requests.processed': define({
    purpose: 'The answer to a message: exactly one for each message id.',
    message: ProcessedRequestSchema,
    delivery: 'work',
    group: undefined,
    takesReplyTo: true,
    retentionMs: 24 * HOUR,
    requiredMetadata: ['tenant'],
    idScope: 'Deterministic: run and outcome. Readers still drop an id that they have seen.',
    failureReply: 'None: it is itself the reply.',
    partitionKey: 'thread',
  }),
  'requests.progress': define({
    purpose: 'Live parts of a run or a stream, for those who asked: best effort.',
    message: ProgressPartSchema,
    delivery: 'broadcast',
    group: undefined,
    takesReplyTo: true,
    retentionMs: 2 * MINUTE,
    requiredMetadata: ['tenant'],
    idScope: 'Run, epoch, source and number.',
    failureReply: 'None: a part that is lost is in the final answer.',
    partitionKey: 'run',
  }),
  'inference.request': define({
    purpose: 'One model call, asked by the orchestrator or the gateway.',
    message: InferenceRequestSchema,
    delivery: 'work',
    group: 'provider-router',
    takesReplyTo: false,
    retentionMs: 30 * SECOND,
    requiredMetadata: ['tenant'],
    idScope: 'The attempt id: the same id again never calls a provider twice.',
    failureReply: 'inference.response with an error.',
    partitionKey: 'attempt',
  }),
  'inference.cancel': define({
    purpose: 'Nobody waits for a model call any more: the router that makes it stops it and settles it.',
    message: CancelInferenceSchema,
    delivery: 'broadcast',
    group: undefined,
    takesReplyTo: false,
    retentionMs: MINUTE,
    requiredMetadata: ['tenant'],
    idScope: 'New for each cancel; again changes nothing.',
    failureReply: 'None: the call then runs to its end and is settled all the same.',
    partitionKey: 'attempt',
  }),
  'inference.repeat': define({
    purpose: 'A run asks again for a model call that another router has answered: the one that metadata `owner` names answers it again.',
    message: InferenceRequestSchema,
    delivery: 'broadcast',
    group: undefined,
    takesReplyTo: false,
    retentionMs: MINUTE,
    requiredMetadata: ['tenant', 'owner'],
    idScope: 'The attempt id: the same answer again changes nothing.',
    failureReply: 'inference.response with an error when the answer is forgotten; none when the owner is gone: the run asks again.',
    partitionKey: 'attempt',
  }),
  'inference.response': define({
    purpose: 'What came of a model call.',
    message: InferenceResponseSchema,
    delivery: 'work',
    group: 'orchestrator',
    takesReplyTo: true,
    retentionMs: 30 * SECOND,
    requiredMetadata: ['tenant'],
    idScope: 'Deterministic: the attempt id and `.response`.',
    failureReply: 'None: it is itself the reply.',
    partitionKey: 'run',
  }),
  'provider.health': define({
    purpose: 'A router found out that a provider fails, is being tried, or is well again: what one has learnt, the others need not.',
    message: ProviderHealthSchema,
    delivery: 'broadcast',
    group: undefined,
    takesReplyTo: false,
    retentionMs: 2 * MINUTE,
    requiredMetadata: [],
    idScope: 'New for each change; again changes nothing.',
    failureReply: 'None: a router that does not hear of it finds out by itself.',
    partitionKey: 'provider',
  }),
  'tools.execute': define({
    purpose: 'One tool call.',
    message: ExecuteToolSchema,
    delivery: 'work',
    group: 'tool-executor',
    takesReplyTo: false,
    retentionMs: 30 * SECOND,
    requiredMetadata: ['tenant'],
    idScope: 'The execution id: run, step and call.',
    failureReply: 'tools.results with an error.',
    partitionKey: 'execution',
  }),
  'tools.results': define({
    purpose: 'The result of a tool call, success or not.',
    message: ToolExecutedSchema,
    delivery: 'work',
    group: 'orchestrator',
    takesReplyTo: true,
    retentionMs: 30 * SECOND,
    requiredMetadata: ['tenant'],
    idScope: 'Deterministic: the execution id and `result`.',
    failureReply: 'None: it is itself the reply.',
    partitionKey: 'run',
  }),
  'usage.recorded': define({
    purpose: 'What an attempt really used; settles it in the ledger.',
    message: UsageRecordedSchema,
    delivery: 'work',
    group: 'usage',
    takesReplyTo: false,
    retentionMs: MINUTE,
    requiredMetadata: ['tenant'],
    idScope: 'The attempt id: the ledger row is inserted once.',
    failureReply: 'A dead letter: money is never dropped.',
    partitionKey: 'attempt',
  }),
  'usage.alerted': define({
    purpose: 'A budget was reached or lifted, or a call cost more than was set aside for it.',
    message: BudgetAlertSchema,
    delivery: 'broadcast',
    group: undefined,
    takesReplyTo: false,
    retentionMs: 24 * HOUR,
    requiredMetadata: ['tenant'],
    idScope: 'The alert: one for a budget, its subject and its window, and one for each dear call. The same id again is the same alert.',
    failureReply: 'None: ListBudgetAlerts has it.',
    partitionKey: 'tenant',
  }),
  'settings.changed': define({
    purpose: 'Something that services keep in memory is out of date.',
    message: SettingsChangedSchema,
    delivery: 'broadcast',
    group: undefined,
    takesReplyTo: false,
    retentionMs: 10 * MINUTE,
    requiredMetadata: [],
    idScope: 'New for each change.',
    failureReply: 'None: what is kept in memory also expires by itself.',
    partitionKey: 'tenant',
  }),
  'events.raised': define({
    purpose: 'Something that those outside may want to know: it goes to the webhooks of its tenant.',
    message: EventRaisedSchema,
    delivery: 'work',
    group: 'settings',
    takesReplyTo: false,
    retentionMs: 24 * HOUR,
    requiredMetadata: ['tenant'],
    idScope: 'Deterministic: what happened. The same id again is delivered to a webhook once.',
    failureReply: 'A dead letter.',
    partitionKey: 'tenant',
  }),
  'audit.recorded': define({
    purpose: 'Who did what.',
    message: AuditRecordedSchema,
    delivery: 'work',
    group: 'settings',
    takesReplyTo: false,
    retentionMs: 24 * HOUR,
    requiredMetadata: ['tenant'],
    idScope: 'New for each act; the same id again is stored once.',
    failureReply: 'A dead letter.',
    partitionKey: 'tenant',
  }),
} as const;

export type ChannelName = keyof typeof channels;

/** The message type of a channel. */
export type MessageOf<C extends ChannelName> = MessageShape<(typeof channels)[C]['message']>;

export const channelNames = Object.keys(channels) as ChannelName[];
