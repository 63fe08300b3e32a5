/** What a person asks of NEXUS itself. */
export interface SlashCommand {
  readonly name: 'new' | 'stop' | 'model' | 'cost' | 'link' | 'claim' | 'help';
  /** What stands behind the name; '' for nothing. */
  readonly argument: string;
}

const described: Readonly<Record<SlashCommand['name'], string>> = {
  new: 'begin a new conversation here',
  stop: 'stop what I am doing',
  model: 'tell which model answers here; `/model NAME` chooses another one',
  cost: 'tell what was spent',
  link: '`/link CODE` tells me who you are, with a code that you were given',
  claim: 'make this group yours (in groups)',
  help: 'show this',
};

/** `/model fast`, `/model@some_bot fast`; `/start` is `/help`. Undefined when it is an ordinary message, as an unknown word is. */
export function parseSlashCommand(text: string): SlashCommand | undefined {
  const [, word = '', argument = ''] = /^\s*\/([a-z]+)(?:@\S+)?(?:\s+([\s\S]*))?$/i.exec(text) ?? [];
  const name = word.toLowerCase() === 'start' ? 'help' : word.toLowerCase();
  return isName(name) ? { name, argument: argument.trim() } : undefined;
}

/** What `/help` answers, in Markdown. */
export function helpText(): string {
  const lines = Object.entries(described).map(([name, meaning]) => `- /${name}: ${meaning}`);
  return `Write to me and I answer. I also know these:\n\n${lines.join('\n')}`;
}

function isName(word: string): word is SlashCommand['name'] {
  return Object.hasOwn(described, word);
}
