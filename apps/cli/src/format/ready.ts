import type { KeyFound } from './found.js';
import { shellWord } from './shell-word.js';

/** What to do next, once the gateway answers at `url`. The first line is exactly what programs wait for. */
export function readyLines(url: string, key: KeyFound, question: string): string[] {
  const body = JSON.stringify({ model: 'agent/default', messages: [{ role: 'user', content: question }] });
  // A key that somebody set is theirs to show.
  const authorization = key.kind === 'made' ? shellWord(`Authorization: Bearer ${key.secret}`) : '"Authorization: Bearer $NEXUS_DEV_API_KEY"';
  return [
    `NEXUS is ready: ${url}`,
    '',
    'Ask it:',
    `  curl ${url}/v1/chat/completions -H ${authorization} -H 'Content-Type: application/json' -d ${shellWord(body)}`,
    'Talk with it, in another terminal:',
    '  npx nexus chat',
    'Ctrl-C stops it.',
  ];
}

/** Where a client on this machine reaches a server that listens on every interface. */
export function reachableUrl(url: string): string {
  return url.replace('//0.0.0.0:', '//127.0.0.1:').replace('//[::]:', '//[::1]:');
}
