import { AppError } from '@nexus/core';
import { parseArguments } from './argument-text.js';
import { nearestNames } from './nearest-names.js';
import type { ArgumentCheck, SchemaCompiler } from './schema-compiler.js';
import type { Tool, ToolArguments } from './tool.js';

const NAME = /^[A-Za-z0-9_-]{1,64}$/;
/** Below this the note that a result was cut would not fit beside any of the result. */
const MIN_RESULT_BYTES = 256;
/** Violations named in one message; a model repairs a few at a time. */
const MAX_VIOLATIONS = 5;

/** The tools that can be called, by name. What it accepts at boot can be called; what it returns from `readArguments` is valid. */
export class ToolRegistry {
  readonly #entries = new Map<string, { readonly tool: Tool; readonly check: ArgumentCheck }>();
  readonly #compileSchema: SchemaCompiler;

  constructor(compileSchema: SchemaCompiler) {
    this.#compileSchema = compileSchema;
  }

  /** Throws AppError `invalid_tool` for a name that is taken or not allowed, a broken schema, or limits that make no sense. */
  add(tool: Tool): void {
    if (!NAME.test(tool.name)) throw invalid(tool, 'a name has 1 to 64 letters, digits, "_" or "-"');
    if (this.#entries.has(tool.name)) throw invalid(tool, 'another tool has this name');
    if (tool.description.trim() === '') throw invalid(tool, 'a description is needed, models choose by it');
    if (tool.parameters['type'] !== 'object') throw invalid(tool, 'parameters must be a JSON Schema with "type": "object"');
    if (!Number.isSafeInteger(tool.timeoutMs) || tool.timeoutMs < 1) throw invalid(tool, 'timeoutMs must be a positive integer');
    if (!Number.isSafeInteger(tool.maxResultBytes) || tool.maxResultBytes < MIN_RESULT_BYTES) {
      throw invalid(tool, `maxResultBytes must be an integer of at least ${MIN_RESULT_BYTES}`);
    }
    this.#entries.set(tool.name, { tool, check: this.#compile(tool) });
  }

  has(name: string): boolean {
    return this.#entries.has(name);
  }

  /** The tool of that name. Throws AppError `unknown_tool` with the nearest names. */
  get(name: string): Tool {
    return this.#entry(name).tool;
  }

  /** Every tool, in the order they were added. */
  list(): readonly Tool[] {
    return [...this.#entries.values()].map(({ tool }) => tool);
  }

  /**
   * The arguments of a call, from JSON text or an object, checked against the tool's schema; always a fresh plain object.
   * Throws AppError `unknown_tool`, or `invalid_tool_arguments` whose message names each path and what is expected there.
   */
  readArguments(name: string, raw: string | object): ToolArguments {
    const { check } = this.#entry(name);
    const args = parseArguments(raw);
    const violations = check(args);
    if (violations.length === 0) return args;
    const more = violations.length - MAX_VIOLATIONS;
    const lines = violations.slice(0, MAX_VIOLATIONS).map(({ path, expected }) => `${path}: ${expected}`);
    if (more > 0) lines.push(`and ${more} more`);
    throw new AppError('invalid_tool_arguments', lines.join('; '), { status: 400, param: violations[0]?.path ?? 'arguments' });
  }

  #entry(name: string): { readonly tool: Tool; readonly check: ArgumentCheck } {
    const entry = this.#entries.get(name);
    if (entry !== undefined) return entry;
    const near = nearestNames(name, this.#entries.keys());
    const hint = near.length > 0 ? `Did you mean ${near.join(' or ')}?` : `Known tools: ${[...this.#entries.keys()].join(', ') || 'none'}.`;
    throw new AppError('unknown_tool', `There is no tool named ${JSON.stringify(name.slice(0, 64))}. ${hint}`, { status: 404, param: 'name' });
  }

  #compile(tool: Tool): ArgumentCheck {
    try {
      return this.#compileSchema(tool.parameters);
    } catch (cause) {
      throw invalid(tool, `its parameters are no valid JSON Schema (draft 2020-12): ${cause instanceof Error ? cause.message : 'unknown reason'}`);
    }
  }
}

function invalid(tool: Tool, reason: string): AppError {
  return new AppError('invalid_tool', `The tool ${JSON.stringify(tool.name)} cannot be added: ${reason}.`, { param: tool.name });
}
