import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { create } from '@bufbuild/protobuf';
import { fileMemory, runAdapter, type AdapterMemory, type AdapterMessage, type AdapterTransport, type Surface, type TransportListener } from '@nexus/adapter-kit';
import { Outcome, ProcessedRequestSchema } from '@nexus/contracts';
import { AppError } from '@nexus/core';
import { startFakeTelegram, startFaultProxy, type FakeTelegram } from '@nexus/testing';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { botIdOf, telegramSurface } from './telegram-surface.js';

const ann = { id: 11, name: 'Ann' };
const PLACEHOLDER = '…';
const QUESTIONS = ['one', 'two'];
/** More than two messages long. */
const LONG = Array.from({ length: 900 }, (_, i) => `word${i}`).join(' ');

const answerTo = (text: string): string => (text === 'one' ? `**${text}** ${LONG}` : `the answer to ${text}`);
const shownAs = (text: string): string => answerTo(text).replaceAll('*', '');

let telegram: FakeTelegram;
let folder: string;
const ends: (() => Promise<unknown>)[] = [];
/** What a kill leaves behind in this process. */
const remains: (() => Promise<unknown>)[] = [];

beforeEach(async () => {
  telegram = await startFakeTelegram();
  telegram.addChat({ id: 11, type: 'private' });
  folder = mkdtempSync(join(tmpdir(), 'nexus-crash-'));
});
afterEach(async () => {
  await endAll(ends);
  await endAll(remains);
  await telegram.stop();
  rmSync(folder, { recursive: true, force: true });
});

const endAll = async (list: (() => Promise<unknown>)[]): Promise<void> => void (await Promise.all(list.splice(0).map((end) => end())));

/** NEXUS as an adapter sees it: each message gets one answer, however often it is sent. */
class ScriptedNexus implements AdapterTransport {
  readonly isConnected = true;
  private listener: TransportListener | undefined;

  async start(listener: TransportListener): Promise<void> {
    this.listener = listener;
  }

  async send({ id, request }: AdapterMessage): Promise<void> {
    const text = answerTo(request.text);
    this.listener?.onPart(id, { kind: 'accepted', queuedBehind: 0 });
    this.listener?.onPart(id, { kind: 'text', epoch: 1, step: 1, text: text.slice(0, text.length / 2) });
    const answer = create(ProcessedRequestSchema, { messageId: id, outcome: Outcome.ANSWERED, text, surface: 'telegram', chatId: request.chatId, topicId: request.topicId });
    setImmediate(() => void this.listener?.onAnswer(answer, AbortSignal.timeout(10_000)).catch(() => undefined));
  }

  async putFile(): Promise<never> {
    throw new AppError('no_gateway', 'no files here');
  }

  async getFile(): Promise<never> {
    throw new AppError('no_gateway', 'no files here');
  }

  async stop(): Promise<void> {}
}

/** One life of the adapter. */
class Life {
  private steps = 0;
  private readonly ended = Promise.withResolvers<void>();
  readonly died = this.ended.promise;
  isDead = false;

  constructor(private readonly dieAt: number) {}

  /** The same thing, which does nothing any more and never answers once the life is over. */
  mortal<T extends object>(thing: T, methods: readonly (keyof T)[]): T {
    return new Proxy(thing, {
      get: (target, name) => {
        const value: unknown = Reflect.get(target, name);
        if (typeof value !== 'function') return value;
        const call = (...given: unknown[]): unknown => Reflect.apply(value, target, given);
        if (!methods.includes(name as keyof T)) return call;
        return async (...given: unknown[]) => {
          await this.step();
          const result = await (call(...given) as Promise<unknown>);
          await this.step();
          return result;
        };
      },
    });
  }

  private async step(): Promise<void> {
    this.steps += 1;
    if (this.steps === this.dieAt) {
      this.isDead = true;
      this.ended.resolve();
    }
    if (this.isDead) await new Promise(() => undefined);
  }
}

/** Runs the adapter until it dies at its n-th step, or for ever. What it has open is cut off with it, as by kill -9. */
async function live(dieAt: number): Promise<Life> {
  const life = new Life(dieAt);
  const proxy = await startFaultProxy({ port: Number(new URL(telegram.url).port) });
  const surface: Surface = telegramSurface({ token: telegram.token, apiRoot: `http://127.0.0.1:${proxy.port}`, attention: 'addressed', editEveryMs: 5 });
  const memory: AdapterMemory = fileMemory(folder);
  remains.push(async () => {
    await surface.disconnect();
    await memory.close();
    await proxy.close();
  });
  const running = runAdapter({
    surface: life.mortal(surface, ['post', 'edit', 'remove']),
    memory: life.mortal(memory, ['set', 'delete']),
    transport: new ScriptedNexus(),
    settings: { bot: botIdOf(telegram.token) },
  });
  running.catch(() => undefined); // it may die before it hears anybody
  void life.died.then(() => proxy.cut());
  ends.push(async () => {
    if (!life.isDead) await (await running).stop();
  });
  return life;
}

const shown = (): string[] => telegram.messages(11).filter(({ isFromBot }) => isFromBot).map(({ text }) => text);

it('ADP-2 a crash at any step of an answer loses nothing, doubles nothing and keeps the order', async () => {
  let hasDied = true;
  for (let step = 1; hasDied; step++) {
    const before = shown().length;
    const first = await live(step);
    for (const text of QUESTIONS) telegram.write({ chatId: 11, from: ann, text });
    const fresh = (): string[] => shown().slice(before).filter((text) => text !== PLACEHOLDER);
    const letters = (texts: readonly string[]): string => texts.join('').replaceAll(/\s/g, '');
    const wanted = letters(QUESTIONS.map(shownAs));
    const isDone = (): boolean => letters(fresh()) === wanted;
    await expect.poll(() => first.isDead || isDone(), { timeout: 10_000, interval: 5 }).toBe(true);
    hasDied = first.isDead;
    if (hasDied) await live(Infinity);
    await expect.poll(() => letters(fresh()), { timeout: 10_000, message: `after a crash at step ${step}` }).toBe(wanted);
    // A crash between a post and its note leaves that one placeholder behind, which nobody can know of.
    expect(shown().slice(before).length - fresh().length).toBeLessThanOrEqual(hasDied ? 1 : 0);
    await endAll(ends);
    expect(telegram.unconfirmed).toBe(0);
    if (step > 200) throw new Error('it never ends');
  }
  expect(telegram.faults).toEqual([]);
}, 120_000);
