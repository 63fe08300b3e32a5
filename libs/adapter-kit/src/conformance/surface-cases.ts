import { deepEqual, equal, ok, rejects } from 'node:assert/strict';
import { AppError } from '@nexus/core';
import { plain } from '../formatted.js';
import { fromMarkdown } from '../formatting/from-markdown.js';
import { splitFormatted } from '../formatting/split-formatted.js';
import type { Piece, SurfaceMessage } from '../surface.js';
import type { ConformancePlatform, PlatformCase } from './conformance-platform.js';
import { until } from './until.js';

/** Means something in the markup of one platform or another. */
const HOSTILE = '*a* _b_ **c** __d__ ~~e~~ ||f|| `g` ```h``` [i](j) <k> &amp; \\l #m > n - o\n# p\n- q\n1. r\n> s @everyone <@1> 👩‍👩‍👧‍👦 é';
const STYLED = '# Head\n\n**bold *both* ~~all~~** and `code` and [link](https://example.com/a_b?c=d&e=f).\n\n> quoted\n> lines\n\n```js\nconst a = `b`; // *no*\n```\n\n- one\n  - two\n\n| a | b |\n|---|---|\n| 1 | 2 |';

const piece = (text: string): Piece => ({ content: plain(text) });

/** What surfaces promise. */
export const surfaceCases: readonly PlatformCase[] = [
  {
    name: 'hears a person once: the text, the place, the sender, and an id that names it for ever',
    check: async (platform) => {
      const heard = await connect(platform);
      const id = await platform.write({ place: platform.place, text: 'hello, bot' });
      const [message] = await until('the message', () => heard, (messages) => messages.length > 0);
      deepEqual([message?.id, message?.text, message?.place], [id, 'hello, bot', platform.place]);
      ok(message?.sender.id !== '');
      await platform.write({ place: platform.place, text: 'and again' });
      await until('the second message', () => heard, (messages) => messages.length > 1);
      deepEqual(heard.map(({ text }) => text), ['hello, bot', 'and again']);
    },
  },
  {
    name: 'tells places apart',
    check: async (platform) => {
      const heard = await connect(platform);
      await platform.write({ place: platform.otherPlace, text: 'there' });
      const [message] = await until('the message', () => heard, (messages) => messages.length > 0);
      deepEqual([message?.text, message?.place], ['there', platform.otherPlace]);
      await platform.surface.post(platform.otherPlace, piece('only there'), { nonce: 'a' });
      deepEqual([(await texts(platform, 'otherPlace')).at(-1), await texts(platform, 'place')], ['only there', []]);
    },
  },
  {
    name: 'posts, edits where there are edits, and removes; the same again harms nobody',
    check: async (platform) => {
      await connect(platform);
      const { place, surface } = platform;
      const id = await surface.post(place, piece('one'), { nonce: 'one' });
      const other = await surface.post(place, piece('two'), { nonce: 'two' });
      ok(id !== other);
      if (surface.capabilities().edits) {
        await surface.edit(place, id, piece('three'));
        await surface.edit(place, id, piece('three'));
        deepEqual(await texts(platform), ['three', 'two']);
      }
      await surface.remove(place, id);
      await surface.remove(place, id);
      deepEqual(await texts(platform), ['two']);
    },
  },
  {
    name: 'says surface_gone of a message that is not there, where there are edits',
    check: async (platform) => {
      await connect(platform);
      const { place, surface } = platform;
      if (!surface.capabilities().edits) return;
      const id = await surface.post(place, piece('one'), { nonce: 'one' });
      await surface.remove(place, id);
      await rejects(surface.edit(place, id, piece('two')), (error) => error instanceof AppError && error.code === 'surface_gone');
    },
  },
  {
    name: 'tells which message an answer of a person answers, if it tells',
    check: async (platform) => {
      const heard = await connect(platform);
      const { place, surface } = platform;
      const id = await surface.post(place, piece('one'), { nonce: 'one' });
      await platform.write({ place, text: 'what is that?', replyTo: id });
      const [message] = await until('the message', () => heard, (messages) => messages.length > 0);
      equal(message?.replyToMessageId || id, id);
    },
  },
  {
    name: 'shows every character as it is, whatever it means in a markup',
    check: async (platform) => {
      await connect(platform);
      await platform.surface.post(platform.place, piece(HOSTILE), { nonce: 'hostile' });
      equal((await texts(platform)).join('\n'), HOSTILE);
    },
  },
  {
    name: 'takes styles inside each other, code, links and quotes',
    check: async (platform) => {
      await connect(platform);
      const content = fromMarkdown(STYLED);
      await platform.surface.post(platform.place, { content }, { nonce: 'styled' });
      equal(read((await texts(platform)).join('')), read(content.text));
    },
  },
  {
    name: 'takes a text of the greatest length',
    check: async (platform) => {
      await connect(platform);
      const { maxTextLength, lengthOf } = platform.surface.capabilities();
      const [longest] = splitFormatted(plain('word😀* '.repeat(maxTextLength / 4)), maxTextLength, lengthOf);
      ok(longest !== undefined);
      await platform.surface.post(platform.place, { content: longest }, { nonce: 'long' });
      equal(read((await texts(platform)).join('')), read(longest.text));
    },
  },
  {
    name: 'passes files on, where there are files',
    check: async (platform) => {
      const heard = await connect(platform);
      const { surface, place } = platform;
      if (!surface.capabilities().files) return;
      const content = Buffer.from('some bytes');
      await platform.write({ place, text: 'look', file: { name: 'notes.txt', mediaType: 'text/plain', content } });
      const [message] = await until('the message', () => heard, (messages) => messages.length > 0);
      deepEqual([message?.text, message?.files.length], ['look', 1]);
      deepEqual(Buffer.from((await message?.files[0]?.content()) ?? []), content);
      await surface.post(place, { content: plain(''), file: { name: 'answer.txt', mediaType: 'text/plain', content } }, { nonce: 'file' });
      if (surface.capabilities().edits) {
        const id = await surface.post(place, piece('…'), { nonce: 'placeholder' });
        await surface.edit(place, id, { content: plain(''), file: { name: 'second.txt', mediaType: 'text/plain', content } });
      }
      ok((await platform.shown(place)).every(({ hasFile }) => hasFile));
    },
  },
  {
    name: 'waits when it is told to slow down, where the platform can be told to',
    check: async (platform) => {
      await connect(platform);
      platform.refuseNextCall?.();
      await platform.surface.post(platform.place, piece('patient'), { nonce: 'patient' });
      deepEqual(await texts(platform), ['patient']);
    },
  },
  {
    name: 'hears what is written after its connection broke, where there is one to break',
    check: async (platform) => {
      const heard = await connect(platform);
      platform.breakConnection?.();
      await platform.write({ place: platform.place, text: 'still there?' });
      await until('the message', () => heard, (messages) => messages.some(({ text }) => text === 'still there?'));
      equal(heard.length, 1);
    },
  },
  {
    name: 'shows that it types, tells of a place, and notifies',
    check: async (platform) => {
      await connect(platform);
      const { surface, place } = platform;
      await surface.typing(place);
      equal(typeof (await surface.context(place)).isGroup, 'boolean');
      await surface.notify(place, fromMarkdown('**news**'));
      deepEqual(await texts(platform), ['news']);
    },
  },
];

async function connect(platform: ConformancePlatform): Promise<SurfaceMessage[]> {
  const heard: SurfaceMessage[] = [];
  await platform.surface.connect(async (message) => void heard.push(message));
  return heard;
}

async function texts(platform: ConformancePlatform, where: 'place' | 'otherPlace' = 'place'): Promise<readonly string[]> {
  return (await platform.shown(platform[where])).map(({ text }) => text);
}

/** What one reads: blanks are a platform's own matter. */
const read = (text: string): string => text.replace(/[\s\u200b]+/g, '');
