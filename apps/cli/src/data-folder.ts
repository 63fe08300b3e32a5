import { randomBytes } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { AppError } from '@nexus/core';
import { z } from 'zod';

/** Secrets that `nexus up` makes and keeps: its users' key, what its services know each other by, and the key of its adapters. */
export type SecretName = 'dev-api-key' | 'service-token' | 'surface-key';

const runningSchema = z.object({ pid: z.int(), url: z.string(), bus: z.enum(['redis', 'memory']), redisUrl: z.string().optional() });

/** What a `nexus up` that runs tells the other commands. */
export interface RunningNexus {
  readonly pid: number;
  /** Of its gateway. */
  readonly url: string;
  /** `memory`: the channels are inside its process. */
  readonly bus: 'redis' | 'memory';
  /** Of its private Redis; a Redis that it was given has its URL, and maybe a password, in REDIS_URL. */
  readonly redisUrl?: string | undefined;
}

/** The folder of what `nexus up` keeps. Reading needs no folder to be there. */
export class DataFolder {
  constructor(readonly path: string) {}

  /** Makes the folder. Throws AppError `data_folder` when it cannot be written to. */
  prepare(): void {
    try {
      // As root the private servers run as another user, who must be able to pass through.
      mkdirSync(this.path, { recursive: true, mode: process.getuid?.() === 0 ? 0o711 : 0o700 });
    } catch (cause) {
      throw new AppError('data_folder', `The folder ${this.path} cannot be made. Choose another one with NEXUS_DATA_DIR.`, { cause });
    }
  }

  fileOf(name: SecretName): string {
    return join(this.path, name);
  }

  readSecret(name: SecretName): string | undefined {
    return this.read(name)?.trim() || undefined;
  }

  /** The secret, made when there is none yet: readable for its owner only. Two starts at once get the same one. */
  keepSecret(name: SecretName, prefix: string): string {
    const known = this.readSecret(name);
    if (known !== undefined) return known;
    const secret = prefix + randomBytes(32).toString('base64url');
    const draft = this.write(`${name}.${process.pid}`, `${secret}\n`);
    try {
      // Unlike a rename, a link never replaces what somebody else has just made.
      linkSync(draft, this.fileOf(name));
      return secret;
    } catch (cause) {
      const theirs = this.readSecret(name);
      if (theirs === undefined) throw new AppError('data_folder', `${this.fileOf(name)} cannot be written.`, { cause });
      return theirs;
    } finally {
      rmSync(draft, { force: true });
    }
  }

  /** Keeps a secret that was made elsewhere, in the place of the one before. */
  replaceSecret(name: SecretName, secret: string): void {
    renameSync(this.write(`${name}.${process.pid}`, `${secret}\n`), this.fileOf(name));
  }

  /** What runs on this folder now; undefined when nothing does, also when it ended without saying so. */
  running(): RunningNexus | undefined {
    try {
      const known = runningSchema.parse(JSON.parse(this.read('running.json') ?? ''));
      return isAlive(known.pid) ? known : undefined;
    } catch {
      return undefined;
    }
  }

  tellRunning(running: RunningNexus): void {
    renameSync(this.write(`running.json.${process.pid}`, JSON.stringify(running)), join(this.path, 'running.json'));
  }

  /** Takes back what this process told. */
  tellStopped(): void {
    if (this.running()?.pid === process.pid) rmSync(join(this.path, 'running.json'), { force: true });
  }

  private read(name: string): string | undefined {
    try {
      return readFileSync(join(this.path, name), 'utf8');
    } catch {
      return undefined;
    }
  }

  private write(name: string, text: string): string {
    const file = join(this.path, name);
    try {
      writeFileSync(file, text, { mode: 0o600 });
      return file;
    } catch (cause) {
      throw new AppError('data_folder', `The folder ${this.path} cannot be written to. Start NEXUS as its owner, or choose another one with NEXUS_DATA_DIR.`, { cause });
    }
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
