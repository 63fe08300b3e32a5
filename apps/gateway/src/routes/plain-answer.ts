import type { ServerResponse } from 'node:http';
import { fromWireError, type InferenceResponse } from '@nexus/contracts';
import { AppError } from '@nexus/core';
import { attributes, type Span } from '@nexus/runtime';
import type { ModelCallListener } from '../handlers/model-calls.js';
import { writeError } from './write-error.js';

/** Writes what the provider answered, byte for byte. */
export class PlainAnswer implements ModelCallListener {
  constructor(
    private readonly response: ServerResponse,
    private readonly span: Span,
  ) {}

  onEvents(): void {
    // none were asked for
  }

  onEnd({ outcome, spend }: InferenceResponse): void {
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
    this.span.end();
    this.response.writeHead(200, {
      'content-type': 'application/json',
      'content-length': output.value.length,
      'x-nexus-cost-micro-usd': String(spend?.costMicroUsd ?? 0n),
    });
    this.response.end(output.value);
  }

  onFailure(error: AppError): void {
    this.span.recordError(error);
    this.span.end();
    writeError(this.response, error);
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
      [attributes.inputTokens]: Number(usage.input + usage.cacheRead + usage.cacheWrite),
      [attributes.outputTokens]: Number(usage.output),
      [attributes.cacheReadTokens]: Number(usage.cacheRead),
      [attributes.cacheCreationTokens]: Number(usage.cacheWrite),
      [attributes.reasoningTokens]: Number(usage.reasoning),
    }),
  });
}

export function emptyResponse(): AppError {
  return new AppError('empty_response', 'The provider answered without a completion. Retry.', { status: 502, isRetryable: true });
}
