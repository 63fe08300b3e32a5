import { create } from '@bufbuild/protobuf';
import { outgoing, type ChannelBus, type Message } from '@nexus/channels';
import { AcceptedSchema, Outcome, ProcessedRequestSchema, ProgressPartSchema, type ProgressPart } from '@nexus/contracts';
import { newId } from '@nexus/core';

/** Answers as the orchestrator does: parts for everybody, the answer once to whoever asked, and again when asked again. */
export class OrchestratorOnRedis {
  readonly asked: Message<'requests.incoming'>[] = [];
  private readonly answered = new Set<string>();
  /** Answers wait for this. */
  gate: Promise<void> = Promise.resolve();

  constructor(bus: ChannelBus) {
    bus.consumeEach({ channel: 'requests.incoming', group: 'orchestrator', consumer: 'o', onDeadLetter: async () => [] }, async (message) => {
      this.asked.push(message);
      const { id, payload } = message;
      const runId = `run-${id}`;
      const part = (seq: number, one: ProgressPart['part'], messageId = '') =>
        outgoing({ channel: 'requests.progress', id: newId(), tenantId: 't', payload: create(ProgressPartSchema, { runId, messageId, epoch: 1n, seq: BigInt(seq), step: 1, part: one }) });
      await bus.publishAll([part(1, { case: 'accepted', value: create(AcceptedSchema, { threadId: 'thread' }) }, id), part(0, { case: 'textDelta', value: 'to ' }), part(1, { case: 'textDelta', value: payload.text })]);
      await this.gate;
      const isAgain = this.answered.has(id);
      this.answered.add(id);
      return [outgoing({
        channel: 'requests.processed', id: `answer-${id}`, tenantId: 't', to: message.replyTo, once: !isAgain,
        payload: create(ProcessedRequestSchema, { messageId: id, runId, outcome: Outcome.ANSWERED, text: `to ${payload.text}`, surface: payload.surface, chatId: payload.chatId, topicId: payload.topicId }),
      })];
    });
  }
}
