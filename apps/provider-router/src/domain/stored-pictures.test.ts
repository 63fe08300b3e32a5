import { create } from '@bufbuild/protobuf';
import { ConversationSchema, Role, fileUri, type Conversation } from '@nexus/contracts';
import { describe, expect, it } from 'vitest';
import { storedPictures, withPictures } from './stored-pictures.js';

const [first, second, third] = ['a', 'b', 'c'].map((letter) => `0190d8a0-0000-7000-8000-00000000000${letter}`) as [string, string, string];
const image = (url: string) => ({ kind: { case: 'image' as const, value: { url } } });
const conversation = create(ConversationSchema, {
  messages: [
    { role: Role.USER, parts: [{ kind: { case: 'text', value: 'see' } }, image(fileUri(first)), image('https://x/y.png')] },
    { role: Role.TOOL, parts: [{ kind: { case: 'toolResult', value: { callId: '1', text: 'a plot', images: [{ url: fileUri(second) }, { url: 'data:image/png;base64,AA==' }] } } }] },
    { role: Role.USER, parts: [image(fileUri(first)), image(fileUri(third))] },
  ],
});
const show = ({ messages }: Conversation): readonly string[] => messages.flatMap(({ parts }) => parts.map(({ kind }) =>
  (kind.case === 'image' ? kind.value.url : kind.case === 'toolResult' ? `${kind.value.text}|${kind.value.images.map(({ url }) => url).join()}` : kind.case === 'text' ? kind.value : '')));

describe('stored pictures of a conversation', () => {
  it('are found wherever they stand, the last first', () => {
    expect(storedPictures(conversation)).toEqual([third, first, second]);
    expect(storedPictures(create(ConversationSchema))).toEqual([]);
  });

  it('are shown or told of in their place', () => {
    const shown = withPictures(conversation, (id) => (id === first ? { url: 'data:first' } : { words: '[gone]' }));
    expect(show(shown)).toEqual(['see', 'data:first', 'https://x/y.png', 'a plot\n[gone]|data:image/png;base64,AA==', 'data:first', '[gone]']);
    expect(show(conversation)[1]).toBe(fileUri(first));
  });
});
