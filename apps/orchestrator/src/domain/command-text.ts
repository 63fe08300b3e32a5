/** What commands answer: short, as a person reads it in a chat. */
export const commandText = {
  begunAnew: 'A new conversation begins here. What was said before is left behind.',
  nothingToStop: 'Nothing is under way here.',
  stopped: (count: number): string => (count === 1 ? 'Stopped.' : `Stopped, and ${count - 1} more that waited.`),
  modelIs: (model: string): string => `${model} answers here. Another one: /model NAME, or /model default for the agent's own.`,
  modelIsOwn: (model: string): string => `${model} answers here, as the agent has it. Another one: /model NAME, or /model auto to let NEXUS choose.`,
  modelSet: (model: string): string => `From now on ${model} answers here.`,
  modelReset: (model: string): string => `From now on the agent's own model answers here: ${model}.`,
  linkHow: 'Send the code that you were given: /link CODE',
  linked: (person: string): string => `You are linked as ${person}.`,
  noGroup: 'This is no group: nobody has to answer for it.',
  claimed: (person: string): string => `${person} answers for this group from now on. Everybody here may ask.`,
  costIsOthers: 'Whoever answers for this group pays for you here, so there is nothing to tell. With a code of your own you would be linked: /link CODE',
  cost: (microUsd: number, calls: number): string => `This month you have spent ${usd(microUsd)} in ${calls} model ${calls === 1 ? 'call' : 'calls'} (in UTC).`,
} as const;

/** Rounded half up to a hundredth of a cent, and to a cent from ten dollars on. */
function usd(microUsd: number): string {
  return microUsd >= 10_000_000 ? `$${(microUsd / 1_000_000).toFixed(2)}` : `$${(microUsd / 1_000_000).toFixed(4)}`;
}
