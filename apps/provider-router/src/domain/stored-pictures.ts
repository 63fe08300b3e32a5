import { create } from '@bufbuild/protobuf';
import { ConversationSchema, ImageSchema, PartSchema, fileIdOf, type Conversation, type Image, type Part } from '@nexus/contracts';

/** A stored picture in place of its address: a data: URL, or words that say why it is not shown. */
export type Shown = { readonly url: string } | { readonly words: string };

/** Of pictures that nobody who may answer can see. */
export const UNSEEN = '[a picture, which this model cannot see]';

/** The ids of the stored files that stand as pictures in a conversation, the last said first, each once. */
export function storedPictures({ messages }: Conversation): readonly string[] {
  const ids = new Set<string>();
  for (const { parts } of messages.toReversed()) {
    for (const { kind } of parts.toReversed()) {
      const images = kind.case === 'image' ? [kind.value] : kind.case === 'toolResult' ? kind.value.images.toReversed() : [];
      for (const { url } of images) {
        const id = fileIdOf(url);
        if (id !== undefined) ids.add(id);
      }
    }
  }
  return [...ids];
}

/** The same conversation with its stored pictures shown, or told of. What stands in it otherwise is as it was. */
export function withPictures(conversation: Conversation, show: (id: string) => Shown): Conversation {
  const messages = conversation.messages.map((message) => ({ ...message, parts: message.parts.map((part) => shownPart(part, show)) }));
  return create(ConversationSchema, { ...conversation, messages });
}

function shownPart(part: Part, show: (id: string) => Shown): Part {
  const { kind } = part;
  if (kind.case === 'image') {
    const shown = shownOf(kind.value, show);
    if (shown === undefined) return part;
    return create(PartSchema, { kind: 'words' in shown ? { case: 'text', value: shown.words } : { case: 'image', value: create(ImageSchema, { ...kind.value, url: shown.url }) } });
  }
  if (kind.case !== 'toolResult' || !kind.value.images.some(({ url }) => fileIdOf(url) !== undefined)) return part;
  const words: string[] = [];
  const images = kind.value.images.flatMap((image): Image[] => {
    const shown = shownOf(image, show);
    if (shown === undefined) return [image];
    if ('url' in shown) return [create(ImageSchema, { ...image, url: shown.url })];
    words.push(shown.words);
    return [];
  });
  return create(PartSchema, { kind: { case: 'toolResult', value: { ...kind.value, images, text: [kind.value.text, ...words].filter((line) => line !== '').join('\n') } }, signature: part.signature });
}

function shownOf({ url }: Image, show: (id: string) => Shown): Shown | undefined {
  const id = fileIdOf(url);
  return id === undefined ? undefined : show(id);
}
