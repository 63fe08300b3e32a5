import { readFileSync } from 'node:fs';
import { AppError } from '@nexus/core';
import { LineCounter, isNode, parseDocument, type Document } from 'yaml';
import { z } from 'zod';

const agentSchema = z.strictObject({
  instructions: z.string(),
  model: z.string().min(1).optional(),
  tools: z.array(z.string().min(1)).default(['*']),
  max_steps: z.int().min(1).max(100).default(8),
  deadline_seconds: z.number().min(1).max(86_400).default(120),
  max_history_messages: z.int().min(0).max(1_000).default(40),
  when_unknown: z.enum(['retry', 'fail'], 'must be retry or fail').default('retry'),
});

const fileSchema = z.strictObject({
  agents: z.record(z.string().regex(/^[a-z][a-z0-9-]{0,62}$/, 'an agent is named with lower-case letters, digits and dashes'), agentSchema)
    .refine((agents) => 'default' in agents, 'there must be an agent named default'),
});

/** An agent as config/agents.yaml describes it. */
export interface AgentConfig {
  readonly name: string;
  readonly instructions: string;
  /** Undefined: the model that the environment names. */
  readonly model: string | undefined;
  /** Names, or `*` for all. */
  readonly tools: readonly string[];
  readonly maxSteps: number;
  readonly deadlineMs: number;
  readonly maxHistoryMessages: number;
  readonly failsOnUnknown: boolean;
}

/** Agents by name. Throws AppError `config_invalid` with a line `file:line:column: path: message` for every fault. */
export function loadAgents(file: string): ReadonlyMap<string, AgentConfig> {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    throw new AppError('config_invalid', `${file}: cannot be read. NEXUS_CONFIG_DIR names the folder of agents.yaml.`, { cause });
  }
  return parseAgents(text, file);
}

/** The agents of a YAML text; `file` only names it in errors. */
export function parseAgents(text: string, file: string): ReadonlyMap<string, AgentConfig> {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const at = (offset: number): string => `${file}:${lines.linePos(offset).line}:${lines.linePos(offset).col}`;
  if (document.errors.length > 0) throw invalid(document.errors.map((error) => `${at(error.pos[0])}: ${error.message.split('\n', 1)[0]}`));
  const parsed = fileSchema.safeParse(document.toJS({ maxAliasCount: 100 }));
  if (!parsed.success) {
    throw invalid(parsed.error.issues.flatMap((issue) => {
      const paths = issue.code === 'unrecognized_keys' ? issue.keys.map((key) => [...issue.path, key]) : [issue.path];
      const message = issue.code === 'unrecognized_keys' ? 'is not known here' : issue.message;
      return paths.map((path) => `${at(offsetOf(document, path))}: ${path.join('.') || 'the file'}: ${message}`);
    }));
  }
  return new Map(Object.entries(parsed.data.agents).map(([name, agent]) => [name, {
    name,
    instructions: agent.instructions.trim(),
    model: agent.model,
    tools: agent.tools,
    maxSteps: agent.max_steps,
    deadlineMs: Math.round(agent.deadline_seconds * 1_000),
    maxHistoryMessages: agent.max_history_messages,
    failsOnUnknown: agent.when_unknown === 'fail',
  }]));
}

/** Where the nearest thing to a path that is there stands in the text. */
function offsetOf(document: Document, path: readonly PropertyKey[]): number {
  for (let length = path.length; length >= 0; length--) {
    const node: unknown = length === 0 ? document.contents : document.getIn(path.slice(0, length), true);
    if (isNode(node) && node.range) return node.range[0];
  }
  return 0;
}

const invalid = (lines: readonly string[]): AppError => new AppError('config_invalid', lines.join('\n'));
