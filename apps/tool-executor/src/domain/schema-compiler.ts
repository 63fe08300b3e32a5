import type { ToolParameters } from './tool.js';

/** One thing that is wrong with arguments. */
export interface Violation {
  /** `arguments.days[1]` */
  readonly path: string;
  /** What is expected there: `must be integer`. Never repeats the value. */
  readonly expected: string;
}

/** Everything that is wrong with arguments; nothing when they are valid. Does not change them. */
export type ArgumentCheck = (args: unknown) => readonly Violation[];

/** Makes the check of a JSON Schema; throws an Error that says why when the schema itself is wrong. */
export type SchemaCompiler = (schema: ToolParameters) => ArgumentCheck;
