import { fileUri, type StoredFile } from '@nexus/contracts';
import { toUnixSeconds } from './unix-seconds.js';

export interface FileJson {
  readonly id: string;
  readonly object: 'file';
  /** What stands in messages. */
  readonly uri: string;
  readonly name: string;
  readonly media_type: string;
  readonly bytes: number;
  readonly created_at: number;
  readonly expires_at: number;
}

/** A stored file as the API shows it; times in Unix seconds. */
export function fileJson({ id, name, mediaType, bytes, createdAt, expiresAt }: StoredFile): FileJson {
  return { id, object: 'file', uri: fileUri(id), name, media_type: mediaType, bytes: Number(bytes), created_at: toUnixSeconds(createdAt), expires_at: toUnixSeconds(expiresAt) };
}

/** The headers with which a file's bytes are handed out: to be saved, never to be shown or run by a browser in the gateway's name. */
export function fileHeaders({ name, mediaType, bytes }: StoredFile): Readonly<Record<string, string>> {
  const plain = name.replaceAll(/[^\x20-\x7e]|["\\%]/g, '_');
  return {
    'content-type': mediaType.startsWith('text/') ? `${mediaType}; charset=utf-8` : mediaType,
    'content-length': String(bytes),
    'content-disposition': `attachment; filename="${plain}"; filename*=UTF-8''${encodeURIComponent(name).replaceAll(/['()*]/g, percent)}`,
    'x-content-type-options': 'nosniff',
    'content-security-policy': "default-src 'none'; sandbox",
    'cache-control': 'private, max-age=3600',
  };
}

/** RFC 8187 takes fewer characters than encodeURIComponent() leaves. */
function percent(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
}
