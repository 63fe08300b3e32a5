import { AppError } from '@nexus/core';
import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';
import { parseArguments, pathTo } from './argument-text.js';
import { nearestNames } from './nearest-names.js';
import type { Tool, ToolArguments } from './tool.js';

const NAME = /^[A-Za-z0-9_-]{1,64}$/;
/** Below this the note that a result was cut would not fit beside any of the result. */
const MIN_RESULT_BYTES = 256;
/** Violations named in one message; a model repairs a few at a time. */
const MAX_VIOLATIONS = 5;

/** The tools that can be called, by name. What it accepts at boot can be called; what it returns from `readArguments` is valid. */
export class ToolRegistry {
  readonly #entries = new Map<string, { readonly tool: Tool; readonly validate: ValidateFunction }>();
  readonly #ajv = new Ajv2020({ allErrors: true, strictTypes: false, strictTuples: false, addUsedSchema: false, logger: false });

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
    this.#entries.set(tool.name, { tool, validate: this.#compile(tool) });
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
    const { validate } = this.#entry(name);
    const args = parseArguments(raw);
    if (validate(args)) return args;
    const violations = (validate.errors ?? []).map(describe);
    const more = violations.length - MAX_VIOLATIONS;
    const lines = violations.slice(0, MAX_VIOLATIONS).map(({ path, expected }) => `${path}: ${expected}`);
    if (more > 0) lines.push(`and ${more} more`);
    throw new AppError('invalid_tool_arguments', lines.join('; '), { status: 400, param: violations[0]?.path ?? 'arguments' });
  }

  #entry(name: string): { readonly tool: Tool; readonly validate: ValidateFunction } {
    const entry = this.#entries.get(name);
    if (entry !== undefined) return entry;
    const near = nearestNames(name, this.#entries.keys());
    const hint = near.length > 0 ? `Did you mean ${near.join(' or ')}?` : `Known tools: ${[...this.#entries.keys()].join(', ') || 'none'}.`;
    throw new AppError('unknown_tool', `There is no tool named ${JSON.stringify(name.slice(0, 64))}. ${hint}`, { status: 404, param: 'name' });
  }

  #compile(tool: Tool): ValidateFunction {
    try {
      return this.#ajv.compile(tool.parameters);
    } catch (cause) {
      throw invalid(tool, `its parameters are no valid JSON Schema (draft 2020-12): ${cause instanceof Error ? cause.message : 'unknown reason'}`);
    }
  }
}

function invalid(tool: Tool, reason: string): AppError {
  return new AppError('invalid_tool', `The tool ${JSON.stringify(tool.name)} cannot be added: ${reason}.`, { param: tool.name });
}

function describe(error: ErrorObject): { path: string; expected: string } {
  const path = pathOf(error.instancePath);
  const params = error.params as Record<string, unknown>;
  switch (error.keyword) {
    case 'required':
      return { path: pathTo(path, String(params['missingProperty']), false), expected: 'is required' };
    case 'additionalProperties':
      return { path: pathTo(path, String(params['additionalProperty']), false), expected: 'is not a known argument' };
    case 'enum':
      return { path, expected: `must be one of ${(params['allowedValues'] as unknown[]).map((value) => JSON.stringify(value)).join(', ')}` };
    case 'const':
      return { path, expected: `must be ${JSON.stringify(params['allowedValue'])}` };
    default:
      return { path, expected: error.message ?? 'is not valid' };
  }
}

/** `/a/0/b~1c` (JSON Pointer) as `arguments.a[0]["b/c"]`. */
function pathOf(pointer: string): string {
  return pointer
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
    .reduce((path, key) => pathTo(path, key, /^\d+$/.test(key)), 'arguments');
}
