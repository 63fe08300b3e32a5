import type { Tool, ToolArguments, ToolContext } from '../src/tool-executor.module.js';

export interface Probe extends Tool {
  /** Calls so far. */
  calls(): number;
}

/** A tool that counts its calls. */
export function probe(fields: Partial<Tool> & Pick<Tool, 'name'>, run: (args: ToolArguments, context: ToolContext, call: number) => Promise<string> = async () => 'done'): Probe {
  let calls = 0;
  return {
    description: 'A tool under test.',
    parameters: { type: 'object', properties: { text: { type: 'string' } }, additionalProperties: false },
    isIdempotent: true,
    timeoutMs: 10_000,
    maxResultBytes: 256,
    ...fields,
    run: (args, context) => run(args, context, ++calls),
    calls: () => calls,
  };
}

/** What a test lets go on when it likes. */
export function gate(): { readonly opened: Promise<void>; open(): void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { opened: promise, open: resolve };
}
