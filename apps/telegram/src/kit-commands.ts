/** The commands that NEXUS knows on every surface, with what Telegram's menu says of them. */
const described = {
  new: 'Begin a new conversation here',
  stop: 'Stop the answer that is being made',
  model: 'Show or choose the model: /model best',
  cost: 'What this chat cost this month',
  link: 'Link your account: /link CODE',
  claim: 'Answer for this group as its owner',
  help: 'What this bot can do',
} as const;

/** `/start` is what Telegram sends when somebody opens the bot. */
export const KIT_COMMANDS: ReadonlySet<string> = new Set([...Object.keys(described), 'start']);

/** For setMyCommands. */
export const COMMAND_MENU = Object.entries(described).map(([command, description]) => ({ command, description }));
