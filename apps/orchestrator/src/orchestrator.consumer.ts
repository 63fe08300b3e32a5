import { Controller, Inject } from '@nestjs/common';
import type { Message, OutgoingMessage } from '@nexus/channels';
import type { ChannelName } from '@nexus/contracts';
import { ConsumesBatches, Follows, TRACER, attributes, startMessageSpan, type Span, type Tracer } from '@nexus/runtime';
import { AdvanceRunsHandler } from './handlers/advance-runs.handler.js';
import { AgentDirectory } from './handlers/agent-directory.js';
import { modelAnswered, toolFinished, type Bringing, type RunInput } from './handlers/run-input.js';
import { SeenEntries } from './handlers/seen-entries.js';
import { Senders } from './handlers/senders.js';
import { ToolSchemas } from './handlers/tool-schemas.js';

/** Handlers take milliseconds: what a replica left alone for so long is taken over, as it is gone or stands still. */
const CLAIM_IDLE_MS = 5_000;

/** Channels in, beside requests.incoming: what came of the calls that runs asked for. */
@Controller()
export class OrchestratorConsumer {
  constructor(
    @Inject(AdvanceRunsHandler) private readonly advance: AdvanceRunsHandler,
    @Inject(AgentDirectory) private readonly agents: AgentDirectory,
    @Inject(ToolSchemas) private readonly schemas: ToolSchemas,
    @Inject(SeenEntries) private readonly seen: SeenEntries,
    @Inject(Senders) private readonly senders: Senders,
    @Inject(TRACER) private readonly tracer: Tracer,
  ) {}

  @ConsumesBatches('inference.response', { claimIdleMs: CLAIM_IDLE_MS })
  onModelAnswered(batch: readonly Message<'inference.response'>[]): Promise<readonly OutgoingMessage[]> {
    return this.handle(batch, (message, bringing) => modelAnswered(message, bringing, this.schemas));
  }

  @ConsumesBatches('tools.results', { claimIdleMs: CLAIM_IDLE_MS })
  onToolFinished(batch: readonly Message<'tools.results'>[]): Promise<readonly OutgoingMessage[]> {
    return this.handle(batch, toolFinished);
  }

  @Follows('settings.changed')
  onSettingsChanged(batch: readonly Message<'settings.changed'>[]): void {
    for (const { payload } of batch) {
      this.agents.onSettingsChanged(payload);
      this.senders.onSettingsChanged(payload);
    }
  }

  private async handle<C extends ChannelName>(batch: readonly Message<C>[], toInput: (message: Message<C>, bringing: Bringing) => RunInput | undefined): Promise<readonly OutgoingMessage[]> {
    const spans: Span[] = [];
    const inputs = batch.flatMap((message) => {
      const span = startMessageSpan(this.tracer, message, { group: 'orchestrator', together: batch.length });
      spans.push(span);
      const input = toInput(message, { trace: span.trace, isAgain: this.seen.isAgain(message) });
      if (span.isRecording) span.setAttributes({ [attributes.runId]: input?.runId });
      return input === undefined ? [] : [input];
    });
    try {
      return await this.advance.handle(inputs);
    } catch (error) {
      for (const span of spans) span.recordError(error);
      throw error;
    } finally {
      for (const span of spans) span.end();
    }
  }
}
