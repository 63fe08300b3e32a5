import { create } from '@bufbuild/protobuf';
import { createClient, createRouterTransport } from '@connectrpc/connect';
import { ConversationSchema, FileService, Role, fileUri } from '@nexus/contracts';
import { AppError, newId } from '@nexus/core';
import { fromConnectError, toConnectError } from '@nexus/runtime';
import { beforeEach, describe, expect, it } from 'vitest';
import { askedByRun, type AskedCall } from '../domain/asked-call.js';
import type { Route } from './routes.js';
import { ShownPictures } from './shown-pictures.js';

const TENANT = newId();
const files = new Map<string, { readonly mediaType: string; readonly content: Uint8Array }>();
let reads: string[] = [];
let failure: AppError | undefined;
beforeEach(() => {
  files.clear();
  reads = [];
  failure = undefined;
});

const client = createClient(FileService, createRouterTransport((router) => router.service(FileService, {
  getFile({ id }, { requestHeader }) {
    reads.push(`${requestHeader.get('x-nexus-tenant')} ${id}`);
    const file = files.get(id);
    if (failure !== undefined) throw toConnectError(failure);
    if (file === undefined) throw toConnectError(new AppError('file_not_found', 'Gone.', { status: 404 }));
    return { file: { id, mediaType: file.mediaType }, content: file.content };
  },
})));
/** Failures as AppErrors, as the services' clients have them. */
const clients = { files: { ...client, getFile: (...asked: Parameters<typeof client.getFile>) => client.getFile(...asked).catch((error: unknown) => Promise.reject(fromConnectError(error))) } };
const shown = (cacheBytes = 1_048_576): ShownPictures => new ShownPictures({ clients, cacheBytes });
const from = { tenantId: TENANT, trace: undefined };

function file(mediaType: string, bytes: number): string {
  const id = newId();
  files.set(id, { mediaType, content: new Uint8Array(bytes).fill(1) });
  return id;
}

const asking = (...ids: string[]): AskedCall => askedByRun(create(ConversationSchema, { messages: ids.map((id) => ({ role: Role.USER, parts: [{ kind: { case: 'image' as const, value: { url: fileUri(id) } } }] })) }), 'm', false);
const partsOf = (asked: AskedCall): readonly string[] => asked.conversation?.messages.flatMap(({ parts }) => parts.map(({ kind }) => (kind.case === 'image' ? kind.value.url.slice(0, 30) : kind.case === 'text' ? kind.value : String(kind.case)))) ?? [];
const anyRoute = {} as Route;
const find = (): Promise<Route> => Promise.resolve(anyRoute);

describe('ShownPictures', () => {
  it('puts the bytes in place of the address, read in the name of the tenant', async () => {
    const id = file('image/png', 3);
    const asked = asking(id);
    const { asked: seen, route } = await shown().route(from, asked, find);
    expect(partsOf(seen)).toEqual(['data:image/png;base64,AQEB']);
    expect(route).toBe(anyRoute);
    expect(reads).toEqual([`${TENANT} ${id}`]);
    expect(partsOf(asked)).toEqual([fileUri(id).slice(0, 30)]);
  });

  it('chooses the models before it reads anything, by the addresses alone', async () => {
    const asked = asking(file('image/png', 3));
    await shown().route(from, asked, (one) => {
      expect(one).toBe(asked);
      expect(reads).toEqual([]);
      return find();
    });
  });

  it('tells of pictures in words where no model sees them', async () => {
    const found: AskedCall[] = [];
    const { asked } = await shown().route(from, asking(file('image/png', 3)), (one) => {
      if (found.push(one) === 1) throw new AppError('no_model_can_serve', 'It takes no images.', { status: 400 });
      return find();
    });
    expect(partsOf(asked)).toEqual(['[a picture, which this model cannot see]']);
    expect(found[1]).toBe(asked);
    expect(reads).toEqual([]);
  });

  it('says of a file that is gone, or no picture, that it is so', async () => {
    const { asked } = await shown().route(from, asking(newId(), file('application/pdf', 3)), find);
    expect(partsOf(asked)).toEqual(['[a picture that is not kept any more]', '[a file that is no picture which can be shown]']);
  });

  it('shows the last pictures of a conversation that has too many', async () => {
    const ids = [1, 2, 3].map(() => file('image/jpeg', 6 * 1_048_576));
    const { asked } = await shown().route(from, asking(...ids), find);
    expect(partsOf(asked).map((part) => part.slice(0, 11))).toEqual(['[a picture ', 'data:image/', 'data:image/']);
  });

  it('reads a picture once that fits into its memory', async () => {
    const [small, other] = [file('image/png', 600), file('image/png', 600)];
    const pictures = shown(1_000);
    for (const id of [small, small, other, small]) (await pictures.route(from, asking(id), find)).release();
    expect(reads.map((read) => read.split(' ')[1])).toEqual([small, other, small]);
    await pictures.route({ ...from, tenantId: newId() }, asking(small), find);
    expect(reads).toHaveLength(4);
  });

  it('holds no more pictures at once than there is room for', async () => {
    const pictures = shown(1);
    const large = file('image/png', 13 * 1_048_576);
    const under: (() => void)[] = [];
    const calls = Array.from({ length: 9 }, async () => void under.push((await pictures.route(from, asking(large), find)).release));
    await expect.poll(() => under).toHaveLength(7);
    under.splice(0).forEach((release) => release());
    await Promise.all(calls);
    expect(under).toHaveLength(2);
  });

  it('has the request come again when the files cannot be read', async () => {
    failure = new AppError('database_unavailable', 'Away.', { status: 503, isRetryable: true });
    await expect(shown().route(from, asking(file('image/png', 3)), find)).rejects.toMatchObject({ code: 'files_unavailable', status: 503, isRetryable: true });
  });

  it('leaves what has no stored pictures as it is', async () => {
    const asked = askedByRun(create(ConversationSchema), 'm', false);
    expect((await shown().route(from, asked, find)).asked).toBe(asked);
  });
});
