import type { DiscordInteraction } from './wire.js';

interface SlashCommand {
  readonly name: string;
  readonly description: string;
  readonly option?: { readonly name: string; readonly description: string; readonly isRequired: boolean };
  /** Its answer is shown to nobody else. */
  readonly isPrivate?: boolean;
}

/** What people can ask of NEXUS itself. */
const commands: readonly SlashCommand[] = [
  { name: 'new', description: 'Begin a new conversation here' },
  { name: 'stop', description: 'Stop what is under way here' },
  { name: 'model', description: 'Use another model here, or tell which one is used', option: { name: 'name', description: 'A model, a tier such as fast or best, or auto', isRequired: false } },
  { name: 'cost', description: 'What this conversation has cost' },
  { name: 'link', description: 'Link your account by a code', option: { name: 'code', description: 'The code that you were given', isRequired: true }, isPrivate: true },
  { name: 'claim', description: 'Become the owner of this group' },
  { name: 'help', description: 'What the bot can do', isPrivate: true },
];

const CHAT_INPUT = 1;
const STRING = 3;
const IN_GUILDS_AND_DIRECT_MESSAGES = [0, 1];

/** The commands as Discord registers them. */
export function registration(): readonly object[] {
  return commands.map(({ name, description, option }) => ({
    type: CHAT_INPUT,
    name,
    description,
    contexts: IN_GUILDS_AND_DIRECT_MESSAGES,
    options: option === undefined ? [] : [{ type: STRING, name: option.name, description: option.description, required: option.isRequired }],
  }));
}

/** The command as it would be written, `/model fast`; undefined for one that is not ours. */
export function commandText({ data }: DiscordInteraction): string | undefined {
  const command = commands.find(({ name }) => name === data?.name);
  if (command === undefined) return undefined;
  const argument = data?.options?.[0]?.value;
  return `/${command.name}${argument === undefined ? '' : ` ${String(argument).trim()}`}`;
}

/** True when its answer is for the one who gave it only. */
export function isPrivate({ data }: DiscordInteraction): boolean {
  return commands.find(({ name }) => name === data?.name)?.isPrivate === true;
}
