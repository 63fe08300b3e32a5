/**
 * What must not compile. `tsc` checks this file with all tests: a line below `@ts-expect-error` that compiles is an error itself.
 * Nothing here is ever run.
 */
import { create } from '@bufbuild/protobuf';
import { ExecuteToolSchema, ToolExecutedSchema, UsageRecordedSchema, type ChannelName } from '@nexus/contracts';
import { outgoing, type BatchHandler, type ChannelBus, type EachHandler, type WorkOptions } from '../src/index.js';

declare const bus: ChannelBus;
declare const work: Omit<WorkOptions<'tools.execute'>, 'channel'>;

const call = create(ExecuteToolSchema);
const result = create(ToolExecutedSchema);

// A payload goes to its own channel.
void bus.publish({ channel: 'tools.execute', id: 'a', payload: call });
outgoing({ channel: 'tools.results', id: 'a', payload: result });
// @ts-expect-error another channel's payload
void bus.publish({ channel: 'tools.execute', id: 'a', payload: result });
// @ts-expect-error another channel's payload
outgoing({ channel: 'tools.results', id: 'a', payload: call });
// @ts-expect-error no message at all
void bus.publish({ channel: 'tools.execute', id: 'a', payload: { executionId: 'a' } });
// @ts-expect-error a payload is needed
void bus.publish({ channel: 'tools.execute', id: 'a' });
// @ts-expect-error an id is needed: it makes the message the same one again
void bus.publish({ channel: 'tools.execute', payload: call });

// A name is one of the catalog's.
// @ts-expect-error there is no such channel
void bus.publish({ channel: 'tools.executed', id: 'a', payload: call });
// @ts-expect-error there is no such channel
void bus.follow('settings.change', () => undefined);

// A handler gets its own channel's payload.
bus.consumeEach({ ...work, channel: 'tools.execute' }, async ({ payload }) => [outgoing({ channel: 'tools.results', id: payload.executionId, payload: result })]);
// @ts-expect-error a result has no arguments
bus.follow('tools.results', (batch) => batch.map(({ payload }) => payload.call));
// @ts-expect-error what a handler returns is published, and this is no message
bus.consumeEach({ ...work, channel: 'tools.execute' }, async () => ['done']);
// @ts-expect-error it must say what it publishes, if nothing then []
bus.consumeEach({ ...work, channel: 'tools.execute' }, async () => undefined);
declare const ofUsage: EachHandler<'usage.recorded'>;
// @ts-expect-error another channel's handler
bus.consumeEach({ ...work, channel: 'tools.execute' }, ofUsage);

// A table of handlers forgets no channel and mixes none up.
type Handlers<Channels extends ChannelName> = { readonly [C in Channels]: BatchHandler<C> };
export const complete: Handlers<'tools.execute' | 'usage.recorded'> = { 'tools.execute': async () => [], 'usage.recorded': async () => [] };
// @ts-expect-error the handler of usage.recorded is missing
export const incomplete: Handlers<'tools.execute' | 'usage.recorded'> = { 'tools.execute': async () => [] };
// @ts-expect-error all channels but one are missing
export const ofAll: Handlers<ChannelName> = { 'tools.execute': async () => [] };
declare const ofRecords: BatchHandler<'usage.recorded'>;
export const mixedUp: Handlers<'tools.execute' | 'usage.recorded'> = {
  // @ts-expect-error another channel's handler
  'tools.execute': ofRecords,
  'usage.recorded': ofRecords,
};

// What a message carries is not changed on its way.
bus.follow('usage.recorded', ([message]) => {
  // @ts-expect-error read-only
  if (message) message.tenantId = 'another';
});
void bus.publish({ channel: 'usage.recorded', id: 'a', payload: create(UsageRecordedSchema, { tool: 'a' }) });
