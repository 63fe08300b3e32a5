/**
 * The arrows between packages. A package says its layer in its package.json ("nx": { "tags": ["layer:pure"] });
 * here is what each layer may import. What is not allowed is refused, an unknown layer included.
 */

/** Packages of npm that compute and touch nothing: all that a pure package may use. */
const purePackages = ['@bufbuild/protobuf', 'zod', 'uuid'];

/** Node modules without input or output. */
const pureBuiltins = ['async_hooks', 'buffer', 'crypto', 'util'];

export const layers = {
  pure: {
    mayUse: ['pure'],
    packages: purePackages,
    builtins: pureBuiltins,
    advice: `A pure package (core, contracts) imports only pure ones, ${purePackages.join(', ')} and node:${pureBuiltins.join(', node:')}. Pass what it needs as an argument, or move this code to infra.`,
  },
  infra: {
    mayUse: ['pure'],
    advice: 'channels, postgres and embedded import core and contracts, never each other. Code that needs two of them belongs to runtime.',
  },
  runtime: { mayUse: ['pure', 'infra'], advice: 'runtime imports pure and infra packages, never an app: take what the app brings as an argument.' },
  kit: { mayUse: ['pure', 'infra'], advice: 'adapter-kit imports core, contracts and channels: what an adapter outside of this workspace can have too.' },
  testing: { mayUse: ['pure', 'infra', 'runtime', 'kit'], advice: 'testing imports libraries, never an app. Tests of several apps together belong in test/e2e.' },
  service: {
    mayUse: ['pure', 'infra', 'runtime'],
    advice: 'Apps never import apps: send a message through a channel or ask over protobuf. Only the composition root in apps/cli loads services, through their /module exports.',
  },
  adapter: { mayUse: ['pure', 'kit', 'runtime'], advice: 'An adapter knows NEXUS through adapter-kit, as one outside of this workspace would; of runtime it has logs, traces and metrics.' },
  composition: {
    mayUse: ['pure', 'infra', 'runtime', 'kit', 'adapter', 'service'],
    advice: 'apps/cli composes services only through their /module exports, and uses libs/testing only in tests.',
  },
};

/** What an app's domain/ may import besides its own siblings (the protobuf runtime makes the messages of contracts). */
export const domain = {
  packages: ['@nexus/core', '@nexus/contracts', '@nexus/wires', '@bufbuild/protobuf'],
  advice: 'domain/ imports only @nexus/core, @nexus/contracts, @nexus/wires and its own siblings. Take time, ids and data as arguments and return effects; the handler carries them out.',
};
