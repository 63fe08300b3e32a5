import { equals, fromBinary, fromJson, toBinary, toJson, type DescMessage } from '@bufbuild/protobuf';
import { Random } from '../faults/random.js';
import { knownPart } from './known-part.js';
import { randomMessage } from './random-message.js';

const ROUNDS = 25;
/** What a program understands: unknown fields are no part of it. */
const understood = { readUnknownFields: false } as const;
const numbers = { enumAsInteger: true } as const;

/** Runs a check with the seeds 1 to 25; answers what it found, or what it threw, with its seed. */
function each(check: (random: Random) => string | undefined): string[] {
  return Array.from({ length: ROUNDS }, (_, i) => i + 1).flatMap((seed) => {
    try {
      const found = check(new Random(seed));
      return found === undefined ? [] : [`seed ${seed}: ${found}`];
    } catch (error) {
      return [`seed ${seed}: ${String(error)}`];
    }
  });
}

/** What is lost of messages written with `before` when programs with `now` read them, in protobuf or in JSON. */
export function lostByToday(before: DescMessage, now: DescMessage): string[] {
  return each((random) => {
    const written = randomMessage(before, random);
    const read = fromBinary(now, toBinary(before, written), understood);
    if (!equals(before, fromBinary(before, toBinary(now, read)), written)) return 'it reads other values than were written';
    return equals(now, fromJson(now, toJson(before, written)), read) ? undefined : 'it reads something else from JSON';
  });
}

/** What programs with `before` misread of messages written with `now`, or do not hand on. */
export function lostByPrevious(before: DescMessage, now: DescMessage): string[] {
  return each((random) => {
    const written = randomMessage(now, random);
    const bytes = toBinary(now, written);
    const seen = JSON.stringify(toJson(before, fromBinary(before, bytes, understood), numbers));
    if (seen !== JSON.stringify(knownPart(before, toJson(now, written, numbers)))) return 'it sees other values than were written';
    return equals(now, fromBinary(now, toBinary(before, fromBinary(before, bytes))), written) ? undefined : 'it does not hand on what it does not know';
  });
}
