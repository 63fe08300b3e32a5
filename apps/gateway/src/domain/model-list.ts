import type { Model } from '@nexus/contracts';
import { agentModel } from './agent-request.js';

/** A model as OpenAI lists it. NEXUS does not know when a model was made, so `created` is 0. */
export interface ModelJson {
  readonly id: string;
  readonly object: 'model';
  readonly created: number;
  readonly owned_by: string;
}

/** What can be asked for, as it is listed. */
export interface Listed {
  readonly id: string;
  readonly owner: string;
  /** Undefined for agents. */
  readonly model: Model | undefined;
}

/** Who offers agents, tiers and what else stands for models. */
const OWN = 'nexus';

/**
 * Agents first, then what stands for models (`auto`, tiers, names of chains), then models. A pattern is not a model that one can ask for, so
 * it is left out.
 */
export function listed(models: readonly Model[], agents: readonly string[]): Listed[] {
  const isOwn = ({ provider }: Model): number => Number(provider === OWN);
  const offered = models.filter((model) => !model.isPattern).toSorted((one, other) => isOwn(other) - isOwn(one));
  return [
    ...agents.map((agent) => ({ id: agentModel(agent), owner: OWN, model: undefined })),
    ...offered.map((model) => ({ id: model.id, owner: model.provider, model })),
  ];
}

/** The same in OpenAI's shape. */
export function modelList(models: readonly Model[], agents: readonly string[]): ModelJson[] {
  return listed(models, agents).map(modelJson);
}

/** The model of this id, also one that only a pattern names (`openai/fake*` matches `openai/fake-1`, and `fake-1` without its provider). */
export function findModel(models: readonly Model[], agents: readonly string[], id: string): Listed | undefined {
  const found = listed(models, agents).find((each) => each.id === id);
  if (found) return found;
  const model = models.find((each) => namesOf(each).some((name) => (each.isPattern ? matches(name, id) : name === id)));
  return model && { id, owner: model.provider, model };
}

/** The names of the agents that settings configure (`agent.<name>.<what>`), and `default`, which is always there. */
export function agentNames(configKeys: readonly string[]): string[] {
  const names = configKeys.map((key) => /^agent\.([^.]+)\./.exec(key)?.[1]).filter((name) => name !== undefined);
  return [...new Set(['default', ...names])].sort();
}

/** One of them in OpenAI's shape. */
export function modelJson({ id, owner }: Listed): ModelJson {
  return { id, object: 'model', created: 0, owned_by: owner };
}

/** A model goes by its full name, and by what follows its provider's. */
function namesOf({ id, provider }: Model): string[] {
  return id.startsWith(`${provider}/`) ? [id, id.slice(provider.length + 1)] : [id];
}

/** Each `*` of the pattern stands for any text. */
function matches(pattern: string, id: string): boolean {
  const parts = pattern.split('*');
  const first = parts.shift() ?? '';
  const last = parts.pop() ?? '';
  if (id.length < first.length + last.length || !id.startsWith(first) || !id.endsWith(last)) return false;
  let rest = id.slice(first.length, id.length - last.length);
  for (const part of parts) {
    const at = rest.indexOf(part);
    if (at < 0) return false;
    rest = rest.slice(at + part.length);
  }
  return true;
}
