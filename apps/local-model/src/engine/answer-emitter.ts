import { randomUUID } from 'node:crypto';
import type { MessageInitShape } from '@bufbuild/protobuf';
import type { GenerateResponseSchema } from '@nexus/contracts';
import type { AskedForm } from '../domain/asked-form.js';
import type { LlamaFunctions, ParamsChunk, ResponseChunk, ResponseOptions } from './llama-library.js';

/** Takes one message of the stream. */
export type Emit = (kind: NonNullable<MessageInitShape<typeof GenerateResponseSchema>['kind']>) => void;

/** Tells of an answer while it is written. */
export class AnswerEmitter {
  thoughtTokens = 0;
  /** Calls whose beginning was told. */
  private calls = 0;

  constructor(
    private readonly emit: Emit,
    private readonly form: AskedForm['kind'],
  ) {}

  /** What has to be listened to for this form. */
  listeners(form: AskedForm): Pick<ResponseOptions, 'onResponseChunk' | 'functions' | 'documentFunctionParams' | 'onFunctionCallParamsChunk'> {
    const onResponseChunk = (chunk: ResponseChunk): void => this.onChunk(chunk);
    if (form.kind !== 'tools') return { onResponseChunk };
    return { onResponseChunk, functions: form.functions as LlamaFunctions, documentFunctionParams: true, onFunctionCallParamsChunk: (chunk) => this.onParams(chunk) };
  }

  /** Tells what is only known at the end: calls that had no parameters, and the one call that was asked for. True when there were calls. */
  finish(response: string, functionCalls: readonly { readonly functionName: string; readonly params: unknown }[]): boolean {
    for (const { functionName, params } of functionCalls.slice(this.calls)) this.call(functionName, JSON.stringify(params ?? {}));
    if (this.form === 'call') this.askedCall(response);
    return this.calls > 0;
  }

  private onChunk({ type, text, tokens }: ResponseChunk): void {
    if (type === 'segment') {
      this.thoughtTokens += tokens.length;
      if (text !== '') this.emit({ case: 'reasoning', value: text });
    } else if (text !== '' && this.form !== 'call') this.emit({ case: 'text', value: text });
  }

  private onParams({ callIndex, functionName, paramsChunk }: ParamsChunk): void {
    if (callIndex >= this.calls) this.call(functionName, paramsChunk);
    else this.emit({ case: 'toolCall', value: { index: callIndex, arguments: paramsChunk } });
  }

  private call(name: string, args: string): void {
    this.emit({ case: 'toolCall', value: { index: this.calls++, id: `call_${randomUUID().replaceAll('-', '')}`, name, arguments: args } });
  }

  /** An answer that was cut off in the midst of its call is none. */
  private askedCall(response: string): void {
    try {
      const { name, arguments: args } = JSON.parse(response) as { name: string; arguments: unknown };
      this.call(name, JSON.stringify(args ?? {}));
    } catch {
      // its finish reason tells that it was cut
    }
  }
}
