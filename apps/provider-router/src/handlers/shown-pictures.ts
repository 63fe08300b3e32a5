import type { Message } from '@nexus/channels';
import { AppError } from '@nexus/core';
import { ByteRoom, asTenant, type ServiceClients } from '@nexus/runtime';
import { askedByRun, type AskedCall } from '../domain/asked-call.js';
import { UNSEEN, storedPictures, withPictures, type Shown } from '../domain/stored-pictures.js';
import type { Route } from './routes.js';

export interface ShownPicturesParts {
  readonly clients: Pick<ServiceClients, 'files'>;
  /** Memory for pictures that were shown, which the next step of a run shows again. */
  readonly cacheBytes: number;
}

/** How a request is routed, and what the model is shown. */
export interface SeenRoute {
  readonly route: Route;
  readonly asked: AskedCall;
  /** To be called when the request is over: its pictures are let go. */
  readonly release: () => void;
}

/** Bytes of all pictures of one call; base64 makes them a third longer, and providers take about 20 MB. */
const MOST_BYTES = 14 * 1_048_576;
const READ_WITHIN_MS = 30_000;
/** Pictures of a call, and calls, that are read at once. */
const AT_ONCE = 4;
/** Bytes of the pictures of all calls under way here: each is held about four times over, as text, in a body, and on its way. */
const MOST_UNDER_WAY = 128 * 1_048_576;
const NOTHING_HELD = (): void => undefined;

/** Whose pictures they are, and in which trace they are read. */
type Asker = Pick<Message<'inference.request'>, 'tenantId' | 'trace'>;

type Picture = { readonly url: string; readonly bytes: number } | { readonly words: string };

const GONE: Picture = { words: '[a picture that is not kept any more]' };
const NO_PICTURE: Picture = { words: '[a file that is no picture which can be shown]' };
const TOO_MUCH: Shown = { words: '[a picture that is left out here: those of this conversation are too large together]' };

/**
 * Puts the bytes of stored pictures in place of their addresses, just before a call is made: only in the request to the provider, never on the
 * bus and never in what is stored. What a picture costs is reckoned as for one that stands in the request.
 */
export class ShownPictures {
  private readonly kept = new Map<string, { readonly url: string; readonly bytes: number }>();
  private keptBytes = 0;
  private readonly room = new ByteRoom(MOST_UNDER_WAY);
  private readonly readers = new ByteRoom(AT_ONCE);

  constructor(private readonly parts: ShownPicturesParts) {}

  /**
   * Finds the models that may answer. When none of them sees pictures, and stored ones are all that stands against them, they are told of the
   * pictures in words. Rejects with a retryable AppError `files_unavailable` (503) when the files cannot be read now.
   */
  async route({ tenantId, trace }: Asker, asked: AskedCall, find: (asked: AskedCall) => Promise<Route>): Promise<SeenRoute> {
    const ids = asked.conversation === undefined ? [] : storedPictures(asked.conversation);
    if (asked.conversation === undefined || ids.length === 0) return { route: await find(asked), asked, release: NOTHING_HELD };
    const { conversation, model, isStream } = asked;
    const shownAs = (show: (id: string) => Shown): AskedCall => askedByRun(withPictures(conversation, show), model, isStream);
    let route: Route;
    try {
      route = await find(asked);
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== 'no_model_can_serve') throw error;
      const told = shownAs(() => ({ words: UNSEEN }));
      return { route: await find(told), asked: told, release: NOTHING_HELD };
    }
    const { shown, release } = await this.held({ tenantId, trace }, ids);
    return { route, asked: shownAs((id) => shown.get(id) ?? TOO_MUCH), release };
  }

  /** Few calls read at once, and none goes on before there is room for what it read: so the memory of all of them has a bound. */
  private async held(of: Asker, ids: readonly string[]): Promise<{ readonly shown: ReadonlyMap<string, Shown>; readonly release: () => void }> {
    const done = await this.readers.take(1);
    try {
      const shown = await this.show(of, ids);
      let bytes = 0;
      for (const picture of shown.values()) bytes += 'url' in picture ? picture.url.length : 0;
      return { shown, release: await this.room.take(bytes) };
    } finally {
      done();
    }
  }

  /** As many as may be shown, the last said first. */
  private async show(of: Asker, ids: readonly string[]): Promise<ReadonlyMap<string, Shown>> {
    const shown = new Map<string, Shown>();
    let left = MOST_BYTES;
    for (let next = 0; next < ids.length && left > 0; next += AT_ONCE) {
      const some = ids.slice(next, next + AT_ONCE);
      const pictures = await Promise.all(some.map((id) => this.picture(of, id)));
      for (const [place, picture] of pictures.entries()) {
        if ('words' in picture) shown.set(some[place] ?? '', picture);
        else if (picture.bytes <= left) {
          left -= picture.bytes;
          shown.set(some[place] ?? '', picture);
        }
      }
    }
    return shown;
  }

  private async picture(of: Asker, id: string): Promise<Picture> {
    const key = `${of.tenantId} ${id}`;
    const known = this.kept.get(key);
    if (known !== undefined) {
      this.kept.delete(key);
      this.kept.set(key, known);
      return known;
    }
    const picture = await this.read(of, id);
    if ('url' in picture) this.keep(key, picture);
    return picture;
  }

  private async read({ tenantId, trace }: Asker, id: string): Promise<Picture> {
    try {
      const { file, content } = await this.parts.clients.files.getFile({ id }, asTenant(tenantId, trace, { timeoutMs: READ_WITHIN_MS }));
      const mediaType = file?.mediaType ?? '';
      if (!mediaType.startsWith('image/')) return NO_PICTURE;
      return { url: `data:${mediaType};base64,${Buffer.from(content).toString('base64')}`, bytes: content.length };
    } catch (error) {
      const shown = AppError.from(error);
      if (shown.status === 404) return GONE;
      throw new AppError('files_unavailable', 'The files of this conversation cannot be read at the moment. Retry.', { status: 503, isRetryable: true, cause: error });
    }
  }

  private keep(key: string, picture: { readonly url: string; readonly bytes: number }): void {
    if (picture.url.length > this.parts.cacheBytes || this.kept.has(key)) return;
    this.kept.set(key, picture);
    this.keptBytes += picture.url.length;
    for (const [oldest, { url }] of this.kept) {
      if (this.keptBytes <= this.parts.cacheBytes) break;
      this.kept.delete(oldest);
      this.keptBytes -= url.length;
    }
  }
}
