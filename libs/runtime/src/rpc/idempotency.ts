import { randomBytes } from 'node:crypto';
import { create, fromBinary, toBinary, type DescMessage, type Message, type MessageInitShape } from '@bufbuild/protobuf';
import { MethodOptions_IdempotencyLevel as Level } from '@bufbuild/protobuf/wkt';
import { ConnectError, createContextKey, type HandlerContext } from '@connectrpc/connect';
import { AppError, SYSTEM_TENANT_ID, deterministicId } from '@nexus/core';
import type { IdempotencyStore, KeyedCall } from '@nexus/postgres';
import type { Logger } from '../logger.js';
import { AnswerSeal } from './answer-seal.js';
import { caller } from './caller.js';
import { IDEMPOTENCY_HEADER, checkedIdempotencyKey, keyInFlight, keyReused } from './idempotency-key.js';
import { requestHash } from './request-hash.js';
import { fromConnectError } from './rpc-error.js';
import type { RpcBinding } from './rpc-service.js';

type UnaryMethod = (request: Message, context: HandlerContext) => MessageInitShape<DescMessage> | Promise<MessageInitShape<DescMessage>>;

const SEED_BYTES = 32;

/** Set while a keyed call is carried out. */
const seedKey = createContextKey<Uint8Array | undefined>(undefined, { description: 'idempotency seed' });

/**
 * 32 bytes of chance that every execution of a call has again which is repeated under its idempotency key, so that what is made of
 * them is made once. A call without a key gets new ones each time.
 */
export function seedOf(context: HandlerContext): Uint8Array {
  return context.values.get(seedKey) ?? randomBytes(SEED_BYTES);
}

/** The call's idempotency key, undefined without one. Throws an AppError (400) for one that nobody could have meant. */
export function idempotencyKeyOf(context: Pick<HandlerContext, 'requestHeader'>): string | undefined {
  const key = context.requestHeader.get(IDEMPOTENCY_HEADER);
  return key === null ? undefined : checkedIdempotencyKey(key);
}

export interface IdempotencyParts {
  readonly store: Pick<IdempotencyStore, 'begin' | 'renew' | 'finish' | 'release' | 'forget' | 'leaseMs'>;
  readonly serviceToken: string;
  readonly logger: Pick<Logger, 'warn'>;
}

/**
 * The same service, of which a unary call that may change something happens once when it carries an idempotency key: the same request
 * again gets the same answer, another one 422, and one whose answer is not there yet 409. A refusal is not kept. Calls without a key,
 * and methods that are marked as free of side effects, are as before.
 */
export function withIdempotencyKeys(binding: RpcBinding, parts: IdempotencyParts): RpcBinding {
  const wrapped: Record<string, unknown> = {};
  for (const method of binding.service.methods) {
    const implementation = binding.implementation[method.localName] as UnaryMethod | undefined;
    if (implementation === undefined) continue;
    const plain: UnaryMethod = (request, context) => implementation.call(binding.implementation, request, context);
    const isKeyed = method.methodKind === 'unary' && method.idempotency !== Level.NO_SIDE_EFFECTS;
    wrapped[method.localName] = !isKeyed ? plain : (request: Message, context: HandlerContext) => (context.requestHeader.has(IDEMPOTENCY_HEADER) ? new KeyedExecution(parts, request, context).run(async () => plain(request, context)) : plain(request, context));
  }
  return { ...binding, implementation: wrapped as RpcBinding['implementation'] };
}

class KeyedExecution {
  private readonly seal: AnswerSeal;
  private readonly call: KeyedCall;

  constructor(private readonly parts: IdempotencyParts, request: Message, private readonly context: HandlerContext) {
    const key = checkedIdempotencyKey(context.requestHeader.get(IDEMPOTENCY_HEADER));
    const who = caller(context);
    const method = `${context.service.typeName}/${context.method.name}`;
    const tenantId = who.tenantId === '' ? SYSTEM_TENANT_ID : who.tenantId;
    // what one key of a tenant was answered is not told to another: it may be allowed less
    const id = deterministicId(tenantId, method, who.key === undefined ? who.kind : `key:${who.key.id}`, key);
    this.seal = new AnswerSeal(parts.serviceToken, key, id);
    this.call = { tenantId, id, method, requestHash: requestHash(context.method.input, request), seed: this.seal.close(randomBytes(SEED_BYTES), 'seed') };
  }

  async run(execute: () => Promise<MessageInitShape<DescMessage>>): Promise<Message> {
    const state = await this.parts.store.begin(this.call);
    switch (state.kind) {
      case 'answered': return fromBinary(this.context.method.output, this.seal.open(state.response, 'response'));
      case 'other_request': throw keyReused();
      case 'in_flight': throw keyInFlight();
      case 'begun': {
        this.context.values.set(seedKey, this.seal.open(state.seed, 'seed'));
        return this.execute(execute, state.holder);
      }
    }
  }

  private async execute(execute: () => Promise<MessageInitShape<DescMessage>>, holder: string): Promise<Message> {
    const { store, logger } = this.parts;
    const renewal = setInterval(() => void store.renew(this.call, holder).catch((error: unknown) => logger.warn({ error, method: this.call.method }, 'a keyed call could not be held')), store.leaseMs / 3);
    try {
      const { output } = this.context.method;
      const response = create(output, await execute().catch((error: unknown) => this.giveUp(error, holder)));
      const isOurs = await store.finish(this.call, holder, this.seal.close(toBinary(output, response), 'response'));
      if (!isOurs) throw keyInFlight(); // what another execution says is the answer
      return response;
    } finally {
      clearInterval(renewal);
    }
  }

  /** After a refusal, the key is free; after any other failure something may have been done, which is for the same request to find. */
  private async giveUp(error: unknown, holder: string): Promise<never> {
    const { store } = this.parts;
    const { status, isRetryable } = error instanceof ConnectError ? fromConnectError(error) : AppError.from(error);
    const isRefusal = status >= 400 && status < 499 && !isRetryable;
    await (isRefusal ? store.forget(this.call, holder) : store.release(this.call, holder)).catch(() => undefined); // then the hold runs out
    throw error;
  }
}
