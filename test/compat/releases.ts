import { readFileSync } from 'node:fs';
import { createFileRegistry, createRegistry, fromBinary, type DescFile, type Registry } from '@bufbuild/protobuf';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import * as contracts from '@nexus/contracts';

const folder = new URL('previous/', import.meta.url);

/** What `npm run compat:refresh` keeps of a release. */
export interface PreviousRelease {
  readonly version: string;
  readonly commit: string;
  /** The message type of each channel. */
  readonly channels: Readonly<Record<string, string>>;
  /** The fields of an entry, with whether it must have them. */
  readonly envelope: Readonly<Record<string, { readonly isRequired: boolean }>>;
}

/** The release before this one. */
export const previousRelease = JSON.parse(readFileSync(new URL('release.json', folder), 'utf8')) as PreviousRelease;

/** Its contracts, as its programs have them compiled in. */
export const previousContracts: Registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, readFileSync(new URL('contracts.binpb', folder))));

const isFile = (value: unknown): value is DescFile => typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'file';

/** The contracts that the code of today has compiled in. */
export const todaysContracts: Registry = createRegistry(...Object.values(contracts).filter(isFile));
