/**
 * Names of span attributes, the one place that knows them. OpenTelemetry semantic conventions 1.38.0 (generative AI and messaging
 * are still in development there: a rename is one edit here).
 */
export const attributes = {
  operationName: 'gen_ai.operation.name',
  providerName: 'gen_ai.provider.name',
  requestModel: 'gen_ai.request.model',
  responseModel: 'gen_ai.response.model',
  conversationId: 'gen_ai.conversation.id',
  agentName: 'gen_ai.agent.name',
  toolName: 'gen_ai.tool.name',
  toolCallId: 'gen_ai.tool.call.id',
  finishReasons: 'gen_ai.response.finish_reasons',
  /** Input tokens, cached ones included. */
  inputTokens: 'gen_ai.usage.input_tokens',
  outputTokens: 'gen_ai.usage.output_tokens',
  cacheReadTokens: 'gen_ai.usage.cache_read.input_tokens',
  cacheCreationTokens: 'gen_ai.usage.cache_creation.input_tokens',
  reasoningTokens: 'gen_ai.usage.reasoning.output_tokens',

  messagingSystem: 'messaging.system',
  destinationName: 'messaging.destination.name',
  messagingOperationName: 'messaging.operation.name',
  /** send, receive, process or settle. */
  messagingOperationType: 'messaging.operation.type',
  consumerGroupName: 'messaging.consumer.group.name',
  messageId: 'messaging.message.id',
  correlationId: 'messaging.message.conversation_id',
  batchMessageCount: 'messaging.batch.message_count',
  /** NEXUS's own: milliseconds from the publication of a message to its handler. What a span itself lasts is work. */
  queueWaitMs: 'nexus.queue_wait_ms',
  /** NEXUS's own: 1 for the first time that a message was handed out. */
  deliveries: 'nexus.deliveries',

  rpcSystem: 'rpc.system',
  rpcService: 'rpc.service',
  rpcMethod: 'rpc.method',
  httpMethod: 'http.request.method',
  httpRoute: 'http.route',
  httpStatus: 'http.response.status_code',
  errorType: 'error.type',

  /** NEXUS's own. */
  tenantId: 'nexus.tenant.id',
  runId: 'nexus.run.id',
  step: 'nexus.step',
  attemptId: 'nexus.attempt.id',
  costMicroUsd: 'nexus.cost.micro_usd',
  /** `provider/model` that a request was routed to. */
  routeModel: 'nexus.route.model',
  routeTier: 'nexus.route.tier',
  /** rules, model or default. */
  routeClassifier: 'nexus.route.classifier',
  routeConfidence: 'nexus.route.confidence',
  routeReason: 'nexus.route.reason',
  /** Models tried or passed over before, each with its code. */
  routeFallbacks: 'nexus.route.fallbacks',
  /** exact or semantic. */
  cacheHit: 'nexus.cache.hit',
} as const;

export const messagingSystemRedis = 'redis';
