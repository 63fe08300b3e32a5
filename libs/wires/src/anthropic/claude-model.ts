/** What a model takes, as far as requests to it are written in another way for it. */
export interface ClaudeModel {
  /** Thinks as much as it finds right, guided by an effort; one that does not wants a number of tokens. */
  readonly isAdaptive: boolean;
  /** Answers without thinking when it is told to. */
  readonly mayStopThinking: boolean;
  /** Takes temperature, top_p and top_k. */
  readonly hasSampling: boolean;
  /** Keeps to a JSON Schema, in its answer and in strict tools. */
  readonly hasSchemas: boolean;
  /** Takes messages of the system in the midst of a conversation. */
  readonly hasSystemTurns: boolean;
}

/**
 * What the model of this name takes. It goes by the version of Claude, as Anthropic documents
 * what came and went with which; a name without a version is taken for the newest. Models of other makers that are spoken to on this wire know the form that Claude had at first.
 */
export function claudeModel(name: string): ClaudeModel {
  const version = claudeVersion(name);
  const isAlwaysThinking = /fable|mythos/.test(name) || (version >= 5.05 && !name.includes('haiku'));
  return {
    isAdaptive: version >= 4.06,
    mayStopThinking: !isAlwaysThinking,
    hasSampling: version < 4.07,
    hasSchemas: version >= 4.01,
    hasSystemTurns: version >= 4.08,
  };
}

/** `claude-opus-4-8` is 4.08: the version in the name as a number, Infinity for a Claude without one, 0 for what is no Claude. */
export function claudeVersion(name: string): number {
  if (!name.includes('claude')) return 0;
  const [, major, minor] = /claude-(?:[a-z]+-)*(\d{1,2})(?!\d)(?:[-.](\d{1,2})(?!\d))?/.exec(name) ?? [];
  return major === undefined ? Infinity : Number(major) + Number(minor ?? 0) / 100;
}
