import { type Adapter, type AdapterCount, type AdapterMemory, type AdapterObserver, type PaperOptions, PaperPlatform, PracticeNexus, type PracticeReply, memoryOnly, runAdapter } from '../src/index.js';
import { ChatKind, Progress, type IncomingRequest } from '@nexus/contracts';
import { AppError } from '@nexus/core';
import { waitFor } from '@nexus/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const HOME = { chatId: 'home', topicId: '' };
const FORUM = { chatId: 'forum', topicId: '7' };

describe('runAdapter', () => {
  let platform: PaperPlatform;
  let practice: PracticeNexus;
  let counts: Map<AdapterCount, number>;
  let problems: string[];
  let ended: (string | undefined)[];
  const adapters: Adapter[] = [];

  beforeEach(() => {
    counts = new Map();
    problems = [];
    ended = [];
  });
  afterEach(async () => {
    for (const adapter of adapters.splice(0)) await adapter.stop();
  });

  async function start(reply: (request: IncomingRequest) => PracticeReply, options: PaperOptions = {}, more: { readonly memory?: AdapterMemory; readonly commands?: boolean } = {}): Promise<Adapter> {
    platform = new PaperPlatform(options);
    practice = new PracticeNexus(reply);
    const observer: AdapterObserver = {
      count: (what) => void counts.set(what, (counts.get(what) ?? 0) + 1),
      problem: (doing, { code }) => void problems.push(`${doing} ${code}`),
      startMessage: () => ({ traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01', end: (error) => void ended.push(error?.code) }),
    };
    const adapter = await runAdapter({ surface: platform.surface(), transport: practice.transport(), memory: more.memory ?? { ...memoryOnly(), isDurable: true }, observer, settings: { bot: 'b1', agent: 'helper', republishMs: 100, overloadRetries: 2, ...(more.commands !== undefined && { commands: more.commands }) } });
    adapters.push(adapter);
    return adapter;
  }

  const echo = ({ text }: IncomingRequest): PracticeReply => ({ text: `to ${text}` });
  const shows = (place: typeof HOME, ...texts: string[]): Promise<unknown> => waitFor(() => JSON.stringify(platform.texts(place)) === JSON.stringify(texts), { what: `${JSON.stringify(texts)}` });

  it('tells NEXUS who asks, where, and what can be shown there', async () => {
    await start(echo);
    platform.write(FORUM, 'hello', { replyToMessageId: 'm0', editsMessageId: 'm5', locale: 'de-DE', timezone: 'Europe/Berlin' });
    await shows(FORUM, 'to hello');
    expect(practice.asked[0]).toMatchObject({
      text: 'hello', agent: 'helper', surface: 'paper', chatId: 'forum', topicId: '7', locale: 'de-DE', timezone: 'Europe/Berlin', replyToMessageId: 'm0', editsMessageId: 'paper:b1:forum:7:m5',
      progress: Progress.PARTS, chatKind: ChatKind.GROUP, sender: { id: 'p1', name: 'Ann' }, abilities: { markdown: true, edits: true, maxTextLength: 4_096n },
    });
    expect(platform.messages(FORUM)[0]?.replyTo).toBe('m1');
    expect(ended).toEqual([undefined]);
  });

  it('edits what is said into one message as it grows', async () => {
    const parts = 'one two three four five six seven eight'.split(/(?<= )/);
    await start(() => ({ text: parts.join(''), parts, delayMs: 15 }));
    platform.write(HOME, 'count');
    await waitFor(() => platform.texts(HOME)[0]?.endsWith(' …') === true);
    await shows(HOME, parts.join(''));
    expect(platform.calls.filter((call) => call === 'post')).toHaveLength(1);
    expect(platform.calls.filter((call) => call === 'edit').length).toBeGreaterThan(2);
  });

  it('shows that it types until there is something to show', async () => {
    await start(() => ({ text: 'done', delayMs: 30 }), { edits: false });
    platform.write(HOME, 'hm');
    await shows(HOME, 'done');
    expect(platform.calls).toEqual(['typing', 'post']);
  });

  it('takes a message that comes again as the same', async () => {
    await start(echo);
    const id = platform.write(HOME, 'once');
    platform.writeAgain(id);
    await shows(HOME, 'to once');
    platform.writeAgain(id);
    platform.write(HOME, 'twice');
    await shows(HOME, 'to once', 'to twice');
    expect(practice.asked).toHaveLength(2);
    expect(counts.get('messages')).toBe(2);
  });

  it('passes over what says nothing', async () => {
    await start(echo);
    platform.write(HOME, '  \n');
    platform.write(HOME, 'something');
    await shows(HOME, 'to something');
  });

  it('passes commands on, answers /help itself, and lets neither wait for an answer under way', async () => {
    await start(({ command, text }) => (command === undefined ? { text: `to ${text}`, delayMs: 150 } : { text: `did ${command.name} ${command.argument}` }));
    platform.write(HOME, 'slow');
    platform.write(HOME, '/model@bot fast');
    platform.write(HOME, '/help');
    platform.write(HOME, '/what');
    await waitFor(() => platform.messages(HOME).length === 4);
    await waitFor(() => platform.texts(HOME).at(-1) === 'to /what');
    expect(platform.texts(HOME).findIndex((text) => text === 'did model fast')).toBeLessThan(platform.texts(HOME).findIndex((text) => text === 'to slow'));
    expect(platform.texts(HOME).some((text) => text.includes('/claim'))).toBe(true);
    expect(practice.asked.map(({ text }) => text)).toEqual(['slow', '', '/what']);
  });

  it('takes commands as messages where that is wanted', async () => {
    await start(echo, {}, { commands: false });
    platform.write(HOME, '/help');
    await shows(HOME, 'to /help');
  });

  it('sends again what was refused for overload, and tells it after so many times', async () => {
    let asked = 0;
    await start(() => ({ text: 'x', refusal: { code: 'overloaded', isRetryable: true, retryAfterMs: asked++ * 0 } }));
    platform.write(HOME, 'please');
    await waitFor(() => platform.texts(HOME)[0]?.includes('too much to do') === true, { timeoutMs: 15_000 });
    expect(asked).toBe(3);
  }, 20_000);

  it('tells at once what only the person can change', async () => {
    let asked = 0;
    await start(() => ({ text: 'x', refusal: { code: 'rate_limited', isRetryable: true, retryAfterMs: 20_000 + asked++ * 0 } }));
    platform.write(HOME, 'please');
    await shows(HOME, 'That was a bit much at once. Please try again in 20 seconds.');
    expect(asked).toBe(1);
    expect(counts.get('refusals')).toBe(1);
  });

  it('goes on when the platform fails for a while', async () => {
    await start(echo);
    platform.failures.push(new AppError('down', 'down', { isRetryable: true }), new AppError('down', 'down', { isRetryable: true }));
    platform.write(HOME, 'hello');
    await shows(HOME, 'to hello');
    expect(problems).toEqual(['post down', 'post down']);
  });

  it('shows the text alone where its looks are refused, and gives up what nobody can see', async () => {
    await start(({ text }) => ({ text: `**${text}**` }));
    platform.failures.push(new AppError('surface_refused', 'no bold here', { status: 400 }));
    platform.write(HOME, 'bold');
    await shows(HOME, 'bold');
    platform.failures.push(new AppError('surface_gone', 'blocked', { status: 410 }));
    platform.write(HOME, 'gone');
    platform.write(HOME, 'next');
    await shows(HOME, 'bold', 'next');
    expect(ended).toEqual([undefined, 'surface_gone', undefined]);
  });

  it('posts anew what somebody removed while it was written', async () => {
    const parts = ['first ', 'second ', 'third'];
    await start(() => ({ text: parts.join(''), parts, delayMs: 60 }));
    platform.write(HOME, 'hello');
    const posted = await waitFor(() => platform.messages(HOME)[0]);
    platform.tear(HOME, posted.id);
    await shows(HOME, 'first second third');
  });

  it('says in words what file it cannot pass on, and which it cannot show', async () => {
    await start(({ text }) => ({ text: `got: ${text}`, files: ['nexus:file/nowhere'] }));
    platform.write(HOME, 'look', { files: [{ name: 'huge.bin', mediaType: '', bytes: 1, content: async () => Promise.reject(new AppError('file_too_large', 'It is too large.', { status: 413 })) }] });
    await waitFor(() => platform.messages(HOME).length === 2 && platform.texts(HOME)[1] !== '…');
    expect(platform.texts(HOME)[0]).toMatch(/look[\s\S]*huge\.bin\. It is too large\./);
    expect(platform.texts(HOME)[1]).toMatch(/The file .* cannot be shown\./);
  });

  it('takes what cannot be remembered for safe only when NEXUS has confirmed it', async () => {
    const gate = Promise.withResolvers<void>();
    platform = new PaperPlatform();
    practice = new PracticeNexus(echo);
    const way = practice.transport();
    const adapter = await runAdapter({ surface: platform.surface(), memory: memoryOnly(), settings: { republishMs: 50 }, transport: { ...way, send: async (message) => { await gate.promise; await way.send(message); } } });
    adapters.push(adapter);
    platform.write(HOME, 'fragile');
    await waitFor(() => adapter.health().open === 1);
    const isHeard = (): boolean => (platform as unknown as { written: { isHeard: boolean }[] }).written[0]?.isHeard === true;
    expect(isHeard()).toBe(false);
    gate.resolve();
    await waitFor(isHeard);
    await shows(HOME, 'to fragile');
  });

  it('notifies', async () => {
    const adapter = await start(echo);
    await adapter.notify(HOME, '**news** for you');
    expect(platform.texts(HOME)).toEqual(['news for you']);
  });

  it('tells how many wait, and stops in the midst of everything', async () => {
    const adapter = await start(() => ({ text: 'never', delayMs: 60_000 }));
    platform.write(HOME, 'a');
    platform.write(FORUM, 'b');
    await waitFor(() => adapter.health().open === 2);
    await adapter.stop();
    await adapter.stop();
  });
});
