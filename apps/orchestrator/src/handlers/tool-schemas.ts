import type { AgentSnapshot } from '@nexus/contracts';
import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';
import type { ToolRules } from '../domain/understand-answer.js';

/** Faults named in one answer; a model repairs a few at a time. */
const MOST_FAULTS = 5;

/** Checks arguments against the JSON Schemas (draft 2020-12) of an agent's tools; schemas are compiled once an agent. */
export class ToolSchemas {
  private readonly rules = new WeakMap<AgentSnapshot['tools'], ToolRules>();

  rulesOf(tools: AgentSnapshot['tools']): ToolRules {
    let rules = this.rules.get(tools);
    if (rules === undefined) {
      rules = compile(tools);
      this.rules.set(tools, rules);
    }
    return rules;
  }
}

function compile(tools: AgentSnapshot['tools']): ToolRules {
  const ajv = new Ajv2020({ allErrors: true, strict: false, addUsedSchema: false, logger: false });
  const schemas = new Map(tools.map(({ name, parameters }) => [name, parameters]));
  const validators = new Map<string, ValidateFunction>();
  const validatorOf = (name: string): ValidateFunction => {
    let validate = validators.get(name);
    if (validate === undefined) {
      validate = ajv.compile(JSON.parse(schemas.get(name) || '{}') as object);
      validators.set(name, validate);
    }
    return validate;
  };
  return {
    names: [...schemas.keys()],
    has: (name) => schemas.has(name),
    objectionTo(name, json) {
      let validate: ValidateFunction;
      try {
        validate = validatorOf(name);
      } catch {
        return undefined; // a schema that cannot be compiled is the executor's to refuse
      }
      if (validate(JSON.parse(json))) return undefined;
      const faults = validate.errors ?? [];
      const named = faults.slice(0, MOST_FAULTS).map(faultText);
      return [...named, ...(faults.length > MOST_FAULTS ? [`and ${faults.length - MOST_FAULTS} more`] : [])].join('; ');
    },
  };
}

function faultText(error: ErrorObject): string {
  const path = error.instancePath.slice(1).replaceAll('/', '.');
  const extra = error.keyword === 'additionalProperties' ? ` (${String(error.params['additionalProperty'])})` : '';
  const allowed = error.keyword === 'enum' ? `: ${(error.params['allowedValues'] as unknown[]).map((value) => JSON.stringify(value)).join(', ')}` : '';
  return `${path === '' ? 'the arguments' : path} ${error.message ?? 'are wrong'}${extra}${allowed}`;
}
