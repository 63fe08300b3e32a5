import { Controller } from '@nestjs/common';
import type { Message, OutgoingMessage } from '@nexus/channels';
import { AppError, isUuid } from '@nexus/core';
import { ConsumesEach } from '@nexus/runtime';
import { refusalOf } from './handlers/answer.js';
import { ExecuteToolHandler } from './handlers/execute-tool.handler.js';

/** Channel in: tools.execute. */
@Controller()
export class ToolExecutorConsumer {
  constructor(private readonly execute: ExecuteToolHandler) {}

  @ConsumesEach('tools.execute', {
    concurrency: 256,
    replyToDeadLetter: ({ message, reasonCode, reason }) => (message && isUuid(message.tenantId) ? [refusalOf(message, new AppError(reasonCode, reason))] : []),
  })
  async onExecute(message: Message<'tools.execute'>, signal: AbortSignal): Promise<readonly OutgoingMessage[]> {
    return this.execute.handle(message, signal);
  }
}
