import { describe, expect, it } from 'vitest';
import { ByteRoom } from './byte-room.js';

/** Who is in, in the order of their coming. */
function crowd(room: ByteRoom): { readonly inside: string[]; readonly come: (name: string, bytes: number) => Promise<() => void> } {
  const inside: string[] = [];
  return {
    inside,
    come: async (name, bytes) => {
      const leave = await room.take(bytes);
      inside.push(name);
      return leave;
    },
  };
}

describe('ByteRoom', () => {
  it('lets in what there is room for, and the rest in its order', async () => {
    const { inside, come } = crowd(new ByteRoom(10));
    const leave = await come('a', 6);
    const [b, c] = [come('b', 6), come('c', 1)];
    await Promise.resolve();
    expect(inside).toEqual(['a']);
    leave();
    leave();
    await Promise.all([b, c]);
    expect(inside).toEqual(['a', 'b', 'c']);
  });

  it('lets in alone what is larger than all the room', async () => {
    const { inside, come } = crowd(new ByteRoom(10));
    const leave = await come('large', 100);
    const small = come('small', 1);
    await Promise.resolve();
    expect(inside).toEqual(['large']);
    leave();
    await small;
    expect(inside).toEqual(['large', 'small']);
  });
});
