import type { IncomingMessage, ServerResponse } from 'node:http';
import { fromWireError, type InferenceResponse } from '@nexus/contracts';
import { AppError } from '@nexus/core';
import { attributes, type Span } from '@nexus/runtime';
import { nexusHeaders } from '../domain/nexus-headers.js';
import type { ModelCallListener } from '../handlers/model-calls.js';
import { writeError } from './write-error.js';

/** Writes what the provider answered, byte for byte. */
export class PlainAnswer implements ModelCallListener {
  constructor(
    private readonly request: IncomingMessage,
    private readonly response: ServerResponse,
    private readonly span: Span,
    private readonly remember?: (answer: unknown) => Promise<void>,
  ) {}

  onEvents(): void {
    // none were asked for
  }

  onEnd({ outcome, spend, routing }: InferenceResponse): void {
    if (this.span.isRecording) describeSpend(this.span, spend);
    if (outcome.case !== 'completion') {
      this.onFailure(outcome.case === 'error' ? fromWireError(outcome.value) : emptyResponse());
      return;
    }
    const { output } = outcome.value;
    if (output.case !== 'body' || output.value.length === 0) {
      this.onFailure(emptyResponse());
      return;
    }
    const write = (): void => this.write(output.value, nexusHeaders(routing, spend?.costMicroUsd));
    if (this.remember) void this.remember(parsed(output.value)).then(write);
    else write();
  }

  private write(body: Uint8Array, headers: Readonly<Record<string, string>>): void {
    this.span.end();
    this.response.writeHead(200, { ...headers, 'content-type': 'application/json', 'content-length': body.length });
    this.response.end(body);
  }

  onFailure(error: AppError): void {
    this.span.recordError(error);
    this.span.end();
    writeError(this.request, this.response, error);
  }
}

/** Undefined for what is no JSON. */
function parsed(body: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(body).toString('utf8'));
  } catch {
    return undefined;
  }
}

/** What a call used, on its span. */
export function describeSpend(span: Span, spend: InferenceResponse['spend']): void {
  if (!spend) return;
  const { usage } = spend;
  span.setAttributes({
    [attributes.providerName]: spend.provider,
    [attributes.responseModel]: spend.model,
    [attributes.costMicroUsd]: Number(spend.costMicroUsd),
    ...(usage && {
      [attributes.inputTokens]: Number(usage.input + usage.cacheRead + usage.cacheWrite + usage.cacheWrite1h),
      [attributes.outputTokens]: Number(usage.output),
      [attributes.cacheReadTokens]: Number(usage.cacheRead),
      [attributes.cacheCreationTokens]: Number(usage.cacheWrite + usage.cacheWrite1h),
      [attributes.reasoningTokens]: Number(usage.reasoning),
    }),
  });
}

export function emptyResponse(): AppError {
  return new AppError('empty_response', 'The provider answered without a completion. Retry.', { status: 502, isRetryable: true });
}
