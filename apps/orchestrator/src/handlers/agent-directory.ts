import { createHash } from 'node:crypto';
import { create, toBinary } from '@bufbuild/protobuf';
import { AgentSnapshotSchema, SettingsChanged_Kind, type AgentSnapshot, type SettingsChanged, type TenantSettings, type ToolDefinition } from '@nexus/contracts';
import { AppError, type Clock } from '@nexus/core';
import { ExpiringCache, asService, type Logger, type ServiceClients, type TenantSettingsCache } from '@nexus/runtime';
import type { AgentConfig } from '../agents-file.js';
import type { StoredAgent } from '../storage/run.store.js';

/** An agent as a run takes it. */
export interface ChosenAgent {
  /** Name, model and limits: stored with each run. */
  readonly own: AgentSnapshot;
  /** Instructions and tools: stored once. */
  readonly kept: AgentSnapshot;
  readonly stored: StoredAgent;
}

const KEEP_TOOLS_MS = 30_000;
/** Of a tool whose executor did not say how long it takes. */
const UNKNOWN_TOOL_TIME_MS = 60_000;
const MOST_REMEMBERED = 1_000;

interface Remembered {
  readonly settings: TenantSettings;
  readonly tools: readonly ToolDefinition[];
  readonly chosen: ChosenAgent;
}

/** Knows the agents of config/agents.yaml, with what each tenant changed about them and the tools that it has switched on. */
export class AgentDirectory {
  private readonly tools: ExpiringCache<readonly ToolDefinition[]>;
  private lastTools: readonly ToolDefinition[] | undefined;
  private readonly remembered = new Map<string, Remembered>();
  private readonly missing = new Set<string>();
  private readonly toolTimes = new Map<string, number>();

  constructor(
    private readonly agents: ReadonlyMap<string, AgentConfig>,
    private readonly defaultModel: string,
    private readonly settings: Pick<TenantSettingsCache, 'get'>,
    clients: Pick<ServiceClients, 'tools'>,
    clock: Clock,
    private readonly logger: Pick<Logger, 'warn'>,
  ) {
    this.tools = new ExpiringCache<readonly ToolDefinition[]>({
      clock,
      load: async () => {
        const listed = (await clients.tools.listTools({}, asService())).tools;
        for (const { definition, timeoutMs } of listed) if (definition !== undefined && timeoutMs > 0n) this.toolTimes.set(definition.name, Number(timeoutMs));
        const tools = listed.flatMap(({ definition }) => definition ?? []);
        this.warnOfMissing(tools);
        return tools;
      },
      keepMs: () => KEEP_TOOLS_MS,
    });
  }

  /** Turns of a thread that some agent may want, at most. */
  get mostTurns(): number {
    return Math.ceil(Math.max(...[...this.agents.values()].map((agent) => agent.maxHistoryMessages)) / 2);
  }

  /** The agent of that name (default: `default`) with `model` in place of its own, when given. Throws AppError `agent_not_found` when there is none. */
  async choose(tenantId: string, name: string, model: string): Promise<ChosenAgent> {
    const agent = this.agents.get(name || 'default');
    if (agent === undefined) {
      throw new AppError('agent_not_found', `There is no agent named ${JSON.stringify(name)}. The agents are: ${[...this.agents.keys()].join(', ')}.`, { status: 404, param: 'agent' });
    }
    const [settings, tools] = await Promise.all([this.settings.get(tenantId), this.knownTools()]);
    const key = `${tenantId} ${agent.name}`;
    const known = this.remembered.get(key);
    const usual = known?.settings === settings && known.tools === tools ? known.chosen : this.remember(key, agent, settings, tools);
    return model === '' || model === usual.own.model ? usual : { ...usual, own: { ...usual.own, model } };
  }

  /** To be called for each settings.changed. */
  onSettingsChanged(change: SettingsChanged): void {
    if (change.kind === SettingsChanged_Kind.TOOL && change.tenantId === '') this.tools.forget(() => true);
  }

  /** The longest that a call of this tool takes, milliseconds; a minute when the executor did not say. */
  toolTimeMs(tool: string): number {
    return this.toolTimes.get(tool) ?? UNKNOWN_TOOL_TIME_MS;
  }

  /** While the executor cannot be asked, the tools that it had last; a call of one that is gone fails by itself. */
  private async knownTools(): Promise<readonly ToolDefinition[]> {
    try {
      return (this.lastTools = await this.tools.get('all'));
    } catch (error) {
      if (this.lastTools === undefined) throw error;
      return this.lastTools;
    }
  }

  /** A name in agents.yaml may be misspelt, or of a tool that this executor does not have: the agent goes without it. Said once. */
  private warnOfMissing(tools: readonly ToolDefinition[]): void {
    const names = tools.map(({ name }) => name);
    for (const agent of this.agents.values()) {
      for (const name of agent.tools) {
        const missing = `${agent.name} ${name}`;
        if (name === '*' || names.includes(name) || this.missing.has(missing)) continue;
        this.missing.add(missing);
        this.logger.warn(`agents.yaml: the agent ${JSON.stringify(agent.name)} goes without ${JSON.stringify(name)}, for there is no such tool; there are ${names.join(', ')}`);
      }
    }
  }

  private remember(key: string, agent: AgentConfig, settings: TenantSettings, tools: readonly ToolDefinition[]): ChosenAgent {
    const disabled = new Set(settings.disabledTools);
    const offered = tools.filter(({ name }) => (agent.tools.includes('*') || agent.tools.includes(name)) && !disabled.has(name));
    const kept = create(AgentSnapshotSchema, { instructions: agent.instructions, tools: offered });
    const payload = toBinary(AgentSnapshotSchema, kept);
    const own = create(AgentSnapshotSchema, {
      name: agent.name,
      model: overriddenModel(settings, agent.name) ?? agent.model ?? this.defaultModel,
      maxSteps: agent.maxSteps,
      deadlineMs: BigInt(agent.deadlineMs),
      maxHistoryMessages: agent.maxHistoryMessages,
      failsOnUnknown: agent.failsOnUnknown,
    });
    const chosen = { own, kept, stored: { hash: createHash('sha256').update(payload).digest().subarray(0, 16), payload } };
    if (this.remembered.size >= MOST_REMEMBERED) this.remembered.clear();
    this.remembered.set(key, { settings, tools, chosen });
    return chosen;
  }
}

/** The tenant's own choice; settings checks what is stored, so a value that is no text is none. */
function overriddenModel(settings: TenantSettings, agent: string): string | undefined {
  const text = settings.config[`agent.${agent}.model`];
  if (text === undefined) return undefined;
  try {
    const model: unknown = JSON.parse(text);
    return typeof model === 'string' && model !== '' ? model : undefined;
  } catch {
    return undefined;
  }
}
