import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { outgoing, type Message } from '@nexus/channels';
import { IncomingRequestSchema, ProcessedRequestSchema } from '@nexus/contracts';
import { AppError } from '@nexus/core';
import { expect, it } from 'vitest';
import { AcceptMessagesHandler } from './accept-messages.handler.js';
import type { TracedIncoming } from './candidate.js';

const LEASE = { partition: 0, epoch: 1 };

const traced = (id: string, request: MessageInitShape<typeof IncomingRequestSchema>): TracedIncoming => ({
  message: { id, payload: create(IncomingRequestSchema, request) } as Message<'requests.incoming'>,
  trace: {} as TracedIncoming['trace'],
  isAgain: false,
});
const text = (id: string) => traced(id, { text: id });
const command = (id: string) => traced(id, { command: { name: 'new' } });

/** Writes down what happens; what `lost` names finds the lease gone. */
function recorded(lost = '') {
  const log: string[] = [];
  const say = (id: string) => outgoing({ channel: 'requests.processed', id, tenantId: 't', payload: create(ProcessedRequestSchema) });
  const handler = new AcceptMessagesHandler(
    {
      handle: (batch, _lease, overload) => {
        const ids = batch.map(({ message }) => message.id);
        log.push(`${overload === undefined ? 'start' : 'refuse'} ${ids.join(' ')}`);
        return Promise.resolve(ids.includes(lost) ? undefined : { messages: ids.map(say), cancels: [] });
      },
      publisherOf: () => Promise.resolve(undefined),
    },
    {
      handle: ({ message }) => {
        log.push(`command ${message.id}`);
        return Promise.resolve(message.id === lost ? undefined : [say(message.id)]);
      },
    },
  );
  const handle = async (batch: readonly TracedIncoming[], overload?: AppError) => (await handler.handle(batch, LEASE, overload))?.messages.map(({ id }) => id);
  return { log, handle };
}

it('leaves a batch without a command as it is', async () => {
  const { log, handle } = recorded();
  expect(await handle([text('a'), text('b'), traced('c', { cancelsMessageId: 'a', command: { name: 'new' } })])).toEqual(['a', 'b', 'c']);
  expect(log).toEqual(['start a b c']);
});

it('takes what stands before, between and after commands in the order of the stream', async () => {
  const { log, handle } = recorded();
  expect(await handle([command('1'), text('a'), text('b'), command('2'), command('3'), text('c')])).toEqual(['1', 'a', 'b', '2', '3', 'c']);
  expect(log).toEqual(['command 1', 'start a b', 'command 2', 'command 3', 'start c']);
});

it('ends with a command that stands last', async () => {
  const { log, handle } = recorded();
  expect(await handle([text('a'), command('1')])).toEqual(['a', '1']);
  expect(log).toEqual(['start a', 'command 1']);
});

it('goes no further once the lease is lost', async () => {
  for (const [lost, done] of [['a', ['start a']], ['1', ['start a', 'command 1']]] as const) {
    const { log, handle } = recorded(lost);
    expect(await handle([text('a'), command('1'), text('b')])).toBeUndefined();
    expect(log).toEqual(done);
  }
});

it('carries commands out while messages are refused for overload', async () => {
  const { log, handle } = recorded();
  await handle([text('a'), command('1'), text('b')], new AppError('overloaded', 'Later.', { status: 429, isRetryable: true }));
  expect(log).toEqual(['refuse a', 'command 1', 'refuse b']);
});
