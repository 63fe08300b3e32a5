export type { BatchHandler, ChannelBus, EachHandler, Outcome, Subscription, WorkOptions } from './channel-bus.js';
export type { DeadLetter } from './dead-letter.js';
export { decodeEnvelope } from './envelope.js';
export type { Loss } from './loss-watch.js';
export { outgoing, type Message, type OutgoingMessage } from './message.js';
export { decodeRaw, unpackRaw } from './raw-fields.js';
export { memoryBus, redisBus, type BusOptions } from './stream-bus.js';
export type { DroppedGroup } from './stream-tidier.js';
