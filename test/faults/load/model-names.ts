/** How often each behaviour of the provider is asked for. A model's name is its behaviour. */
export const modelWeights = {
  /** Answers at once. */
  quick: 54,
  /** Takes a second or so. */
  slow: 10,
  /** Asks for a tool that must not be called twice, then answers. */
  counting: 10,
  /** Asks for a tool that may be called twice, then answers. */
  looking: 8,
  /** Sends its answer in small, slow pieces. */
  trickling: 4,
  /** Says 429 with Retry-After at first, then answers. */
  limited: 4,
  /** Says 500 at first, then answers. */
  failing: 4,
  /** Says 200 and something that is no answer. */
  garbage: 1,
  /** Breaks the connection in the midst of its answer. */
  'half-closed': 2,
  /** Sends the headers and then nothing. */
  hanging: 1,
  /** Says 200 with an error in the body. */
  'error-body': 2,
} as const;

export type ModelName = keyof typeof modelWeights;

export const modelNames = Object.keys(modelWeights) as ModelName[];

/** Of every model, in micro-USD per million tokens. */
export const price = { input: 3_000_000, output: 7_000_000 } as const;

/** Models whose questions may be answered with a failure although nothing else fails. */
export const unreliableModels: ReadonlySet<ModelName> = new Set<ModelName>(['garbage', 'half-closed', 'hanging', 'error-body']);
