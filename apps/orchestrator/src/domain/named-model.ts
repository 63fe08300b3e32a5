import type { Model } from '@nexus/contracts';

/** What a model is asked to do here. */
const CHAT = 'chat';

/** Whether somebody can ask for a chat model by this name: its own, with or without its provider, or one that a pattern such as `openai/gpt-*` stands for. */
export function isModelNamed(models: readonly Model[], name: string): boolean {
  return models.some(({ id, provider, isPattern, mode }) => {
    if (mode !== CHAT && mode !== '') return false;
    const names = id.startsWith(`${provider}/`) ? [id, id.slice(provider.length + 1)] : [id];
    return names.some((one) => (isPattern ? patternOf(one).test(name) : one === name));
  });
}

/** Each `*` stands for any text, also none. */
function patternOf(pattern: string): RegExp {
  return new RegExp(`^${pattern.split('*').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('[^\\s]*')}$`);
}
