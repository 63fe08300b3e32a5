import { existsSync } from 'node:fs';
import { AppError } from '@nexus/core';
import { LineCounter, isNode, parseDocument, type Document } from 'yaml';
import { z } from 'zod';
import { defaultRouting, type RoutingConfig } from './domain/routing/routing-config.js';
import { tierOf } from './domain/routing/tier.js';
import { readConfigFile } from './providers/read-config-file.js';

const modelName = z.string().min(1, 'must not be empty').max(200, 'at most 200 characters');
const models = z.array(modelName).max(100, 'at most 100').default([]);
const milliseconds = z.int('must be a whole number of milliseconds').min(0, 'must not be negative').max(600_000, 'must be at most ten minutes');
const share = z.number('must be a number').min(0, 'must not be negative').max(1, 'must be at most 1');
const { classifier, retries } = defaultRouting;

const fileSchema = z.strictObject({
  tiers: z.strictObject({ fast: models, balanced: models, best: models }).prefault({}),
  tier_order: z.enum(['cheapest', 'listed'], 'must be cheapest or listed').default(defaultRouting.tierOrder),
  default_tier: z.enum(['fast', 'balanced', 'best'], 'must be fast, balanced or best').default(defaultRouting.defaultTier),
  last_resort: modelName.nullable().default(defaultRouting.lastResort ?? null),
  fallbacks: z.record(modelName.refine((name) => name !== 'auto', 'auto is a name of its own: give its tiers fallbacks'), z.array(modelName).min(1, 'must name at least one model').max(20, 'at most 20')).default({}),
  classifier: z.strictObject({
    model: modelName.nullable().default(null), below: share.default(classifier.below), within_ms: milliseconds.min(100, 'must be at least 100').default(classifier.withinMs),
  }).prefault({}),
  retries: z.strictObject({
    most: z.int('must be a whole number').min(0, 'must not be negative').max(10, 'at most 10').default(retries.most),
    most_attempts: z.int('must be a whole number').min(1, 'must be at least 1').max(50, 'at most 50').default(retries.mostAttempts),
    base_ms: milliseconds.default(retries.baseMs),
    cap_ms: milliseconds.default(retries.capMs),
    longest_wait_ms: milliseconds.default(retries.longestWaitMs),
    share: share.default(retries.share),
    reserve: z.int('must be a whole number').min(0, 'must not be negative').max(100_000, 'at most 100000').default(retries.reserve),
  }).prefault({}),
}).superRefine((file, context) => {
  for (const [name, list] of Object.entries(file.tiers)) {
    list.forEach((model, i) => {
      if (tierOf(model) !== undefined) context.addIssue({ code: 'custom', path: ['tiers', name, i], message: 'must be a model or a pattern: a tier cannot hold a tier' });
    });
  }
});

/** Reads config/routing.yaml; without the file the defaults count, which know no tiers. Throws AppError `config_invalid` with a line `file:line:column: path: message` for every fault. */
export function loadRouting(file: string): RoutingConfig {
  return existsSync(file) ? parseRouting(readConfigFile(file), file) : defaultRouting;
}

/** The routing of a YAML text; `file` only names it in errors. */
export function parseRouting(text: string, file: string): RoutingConfig {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const at = (offset: number): string => `${file}:${lines.linePos(offset).line}:${lines.linePos(offset).col}`;
  if (document.errors.length > 0) throw invalid(document.errors.map((error) => `${at(error.pos[0])}: ${error.message.split('\n', 1)[0]}`));
  const parsed = fileSchema.safeParse(document.toJS({ maxAliasCount: 100 }) ?? {});
  if (!parsed.success) {
    throw invalid(parsed.error.issues.flatMap((issue) => {
      const paths = issue.code === 'unrecognized_keys' ? issue.keys.map((key) => [...issue.path, key]) : [issue.path];
      const message = issue.code === 'unrecognized_keys' ? 'is not known here' : issue.code === 'invalid_key' ? (issue.issues[0]?.message ?? issue.message) : issue.message;
      return paths.map((path) => `${at(offsetOf(document, path))}: ${path.join('.') || 'the file'}: ${message}`);
    }));
  }
  return configOf(parsed.data);
}

function configOf(file: z.output<typeof fileSchema>): RoutingConfig {
  const { most, most_attempts: mostAttempts, base_ms: baseMs, cap_ms: capMs, longest_wait_ms: longestWaitMs, share: earned, reserve } = file.retries;
  return {
    tiers: file.tiers,
    tierOrder: file.tier_order,
    defaultTier: file.default_tier,
    lastResort: file.last_resort ?? undefined,
    fallbacks: new Map(Object.entries(file.fallbacks)),
    classifier: { model: file.classifier.model ?? undefined, below: file.classifier.below, withinMs: file.classifier.within_ms },
    retries: { most, mostAttempts, baseMs, capMs, longestWaitMs, share: earned, reserve },
  };
}

/** Where the nearest thing to a path that is there stands in the text. */
function offsetOf(document: Document, path: readonly PropertyKey[]): number {
  for (let length = path.length; length >= 0; length--) {
    const node: unknown = length === 0 ? document.contents : document.getIn(path.slice(0, length), true);
    if (isNode(node) && node.range) return node.range[0];
  }
  return 0;
}

const invalid = (lines: readonly string[]): AppError => new AppError('config_invalid', lines.join('\n'));
