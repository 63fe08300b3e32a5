import type { Model } from '@nexus/contracts';
import { agentModel } from './agent-request.js';

/** A model as OpenAI lists it. NEXUS does not know when a model was made, so `created` is 0. */
export interface ModelJson {
  readonly id: string;
  readonly object: 'model';
  readonly created: number;
  readonly owned_by: string;
}

/** Models and agents as one list, agents first. A pattern is not a model that one can ask for, so it is left out. */
export function modelList(models: readonly Model[], agents: readonly string[]): ModelJson[] {
  return [
    ...agents.map((agent) => modelJson(agentModel(agent), 'nexus')),
    ...models.filter((model) => !model.isPattern).map((model) => modelJson(model.id, model.provider)),
  ];
}

/** The model of this id, also one that only a pattern names (`openai/fake*` matches `openai/fake-1`, and `fake-1` without its provider). */
export function findModel(models: readonly Model[], agents: readonly string[], id: string): ModelJson | undefined {
  const listed = modelList(models, agents).find((model) => model.id === id);
  if (listed) return listed;
  const found = models.find((model) => namesOf(model).some((name) => (model.isPattern ? matches(name, id) : name === id)));
  return found && modelJson(id, found.provider);
}

/** The names of the agents that settings configure (`agent.<name>.<what>`), and `default`, which is always there. */
export function agentNames(configKeys: readonly string[]): string[] {
  const names = configKeys.map((key) => /^agent\.([^.]+)\./.exec(key)?.[1]).filter((name) => name !== undefined);
  return [...new Set(['default', ...names])].sort();
}

function modelJson(id: string, owner: string): ModelJson {
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
