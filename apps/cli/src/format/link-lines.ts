/** What to do once a bot hears people. */
export function linkLines(title: string): string[] {
  return [
    `${title}: the bot hears you. Say who you are, in another terminal:`,
    '  npx nexus people add YOUR_NAME',
    '  npx nexus people code YOUR_NAME',
    `and write what that prints, /link and a code, to the bot in ${title}.`,
  ];
}
