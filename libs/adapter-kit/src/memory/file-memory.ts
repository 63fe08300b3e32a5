import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '@nexus/core';
import { z } from 'zod';
import type { AdapterMemory } from './adapter-memory.js';

const keptSchema = z.object({ key: z.string(), value: z.string(), until: z.number().optional() });
type Kept = z.infer<typeof keptSchema>;

const ENDING = '.json';
const SWEEP_EVERY_MS = 3_600_000;

/**
 * A memory in a folder of its own, a file for each key, for one process at a time. What is set is on the disk when the promise resolves, and
 * a crash leaves the old file or the new one. Throws AppError `memory_unusable` when the folder cannot be used.
 */
export function fileMemory(folder: string): AdapterMemory {
  const kept = readFolder(folder);
  return new FileMemory(folder, kept);
}

class FileMemory implements AdapterMemory {
  readonly isDurable = true;
  private readonly sweep = setInterval(() => void this.removeExpired().catch(() => undefined), SWEEP_EVERY_MS).unref();
  /** Writes of one key come one after the other. */
  private readonly writing = new Map<string, Promise<unknown>>();
  private temporary = 0;

  constructor(
    private readonly folder: string,
    private readonly kept: Map<string, Kept>,
  ) {}

  async get(key: string): Promise<string | undefined> {
    const found = this.kept.get(key);
    return found === undefined || isOver(found) ? undefined : found.value;
  }

  set(key: string, value: string, expiresInMs?: number): Promise<void> {
    const entry: Kept = { key, value, ...(expiresInMs !== undefined && { until: Date.now() + expiresInMs }) };
    return this.inTurn(key, async () => {
      await this.write(entry);
      this.kept.set(key, entry);
    });
  }

  delete(key: string): Promise<void> {
    return this.inTurn(key, async () => {
      await rm(this.fileOf(key), { force: true }).catch(unusable);
      this.kept.delete(key);
    });
  }

  async list(prefix: string): Promise<readonly (readonly [string, string])[]> {
    return [...this.kept.values()].flatMap(({ key, value, until }) => (key.startsWith(prefix) && until === undefined ? [[key, value] as const] : []));
  }

  async close(): Promise<void> {
    clearInterval(this.sweep);
    await Promise.allSettled(this.writing.values());
  }

  private async inTurn(key: string, work: () => Promise<void>): Promise<void> {
    const turn = (this.writing.get(key) ?? Promise.resolve()).then(work, work);
    this.writing.set(key, turn);
    try {
      await turn;
    } finally {
      if (this.writing.get(key) === turn) this.writing.delete(key);
    }
  }

  private async write(entry: Kept): Promise<void> {
    const path = this.fileOf(entry.key);
    const draft = `${path}.${process.pid}.${this.temporary++}`;
    try {
      const file = await open(draft, 'w', 0o600);
      try {
        await file.writeFile(JSON.stringify(entry));
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(draft, path);
    } catch (error) {
      unusable(error);
    }
  }

  private async removeExpired(): Promise<void> {
    for (const entry of [...this.kept.values()]) if (isOver(entry)) await this.delete(entry.key);
  }

  private fileOf(key: string): string {
    return join(this.folder, fileNameOf(key));
  }
}

/** Reads all that is kept; what is over, and drafts of a process that died, are removed. */
function readFolder(folder: string): Map<string, Kept> {
  const kept = new Map<string, Kept>();
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    for (const name of readdirSync(folder)) {
      const path = join(folder, name);
      const entry = name.endsWith(ENDING) ? parse(readFileSync(path, 'utf8')) : undefined;
      if (entry !== undefined && !isOver(entry)) kept.set(entry.key, entry);
      else if (/^[0-9a-f]{64}\.json/.test(name)) rmSync(path, { force: true });
    }
  } catch (error) {
    unusable(error);
  }
  return kept;
}

function parse(text: string): Kept | undefined {
  try {
    return keptSchema.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

const isOver = ({ until }: Kept): boolean => until !== undefined && until <= Date.now();

const fileNameOf = (key: string): string => createHash('sha256').update(key).digest('hex') + ENDING;

function unusable(cause: unknown): never {
  throw new AppError('memory_unusable', 'The folder in which the adapter remembers open messages cannot be used. Give it one that it may write to, with room.', { status: 503, isRetryable: true, cause });
}
