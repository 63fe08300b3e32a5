import { applyDecorators, Catch, UseFilters, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import { Ctx, EventPattern, Payload } from '@nestjs/microservices';
import type { BatchHandler, DeadLetter, EachHandler, Message, OutgoingMessage } from '@nexus/channels';
import type { ChannelName } from '@nexus/contracts';
import { throwError, type Observable } from 'rxjs';

/** How a handler consumes its work channel; see WorkOptions of @nexus/channels for what is not said here. */
export interface ConsumeOptions<C extends ChannelName> {
  /** Waits this long to fill a batch; default 0 ms. */
  readonly lingerMs?: number;
  readonly batchSize?: number;
  /** Most messages under way; for ConsumesEach. */
  readonly concurrency?: number;
  readonly claimIdleMs?: number;
  /** For ConsumesEach: the share of the grace period that handlers have to finish before their signal tells them to stop; default 0: none. */
  readonly abortAfter?: number;
  /** What those who wait are told when a message became a dead letter. */
  readonly replyToDeadLetter?: (letter: DeadLetter<C>) => readonly OutgoingMessage[];
}

/** What the transport finds on a handler. */
export type Registration =
  | { readonly kind: 'batches' | 'each'; readonly options: ConsumeOptions<ChannelName> }
  | { readonly kind: 'follows' };

/** A decorator of methods that are a T: a handler of another channel's payload does not compile. */
type Method<T> = <M extends T>(target: object, name: string | symbol, descriptor: TypedPropertyDescriptor<M>) => void;

/** Nest would replace an error it does not know by a text; the transport needs the error itself to tell whether a retry makes sense. */
@Catch()
class PassError implements ExceptionFilter {
  catch(error: unknown, _host: ArgumentsHost): Observable<never> {
    return throwError(() => error);
  }
}

function register<T>(channel: ChannelName, registration: Registration): Method<T> {
  const decorate = applyDecorators(EventPattern<string>(channel, { registration }), UseFilters(PassError)) as Method<T>;
  return (target, name, descriptor) => {
    Payload()(target, name, 0);
    Ctx()(target, name, 1); // else Nest hands over the first argument only, and the signal is lost
    decorate(target, name, descriptor);
  };
}

/** The method handles the channel's messages in batches: each batch is one commit, then its outcome is published, then acknowledged. */
export function ConsumesBatches<C extends ChannelName>(channel: C, options: ConsumeOptions<C> = {}): Method<BatchHandler<C>> {
  return register(channel, { kind: 'batches', options: options as unknown as ConsumeOptions<ChannelName> });
}

/** The method handles the channel's messages one by one, many at a time: for calls to the outside. */
export function ConsumesEach<C extends ChannelName>(channel: C, options: ConsumeOptions<C> = {}): Method<EachHandler<C>> {
  return register(channel, { kind: 'each', options: options as unknown as ConsumeOptions<ChannelName> });
}

/** The method reads every message of a broadcast channel from now on. */
export function Follows<C extends ChannelName>(channel: C): Method<(batch: readonly Message<C>[]) => void> {
  return register(channel, { kind: 'follows' });
}
