import { describe, expect, it } from 'vitest';
import { readUsage } from './read-usage.js';

describe('the usage of Gemini', () => {
  it('counts thoughts as output, and takes what was cached out of the prompt', () => {
    const usage = readUsage({ promptTokenCount: 1_000, cachedContentTokenCount: 600, candidatesTokenCount: 50, thoughtsTokenCount: 30, totalTokenCount: 1_080 });
    expect(usage).toEqual({ input: 400, output: 80, cacheRead: 600, cacheWrite: 0, reasoning: 30 });
  });

  it('keeps sound apart, and of it what was cached with the cached', () => {
    const usage = readUsage({
      promptTokenCount: 100,
      cachedContentTokenCount: 40,
      candidatesTokenCount: 25,
      totalTokenCount: 125,
      promptTokensDetails: [{ modality: 'TEXT', tokenCount: 50 }, { modality: 'AUDIO', tokenCount: 50 }],
      cacheTokensDetails: [{ modality: 'AUDIO', tokenCount: 20 }, { modality: 'TEXT', tokenCount: 20 }],
      candidatesTokensDetails: [{ modality: 'AUDIO', tokenCount: 20 }, { modality: 'TEXT', tokenCount: 5 }],
    });
    expect(usage).toEqual({ input: 30, audioInput: 30, output: 5, audioOutput: 20, cacheRead: 40, cachedSound: 20, cacheWrite: 0, reasoning: undefined });
  });

  it('adds what its own tools read', () => {
    expect(readUsage({ promptTokenCount: 95, toolUsePromptTokenCount: 439, candidatesTokenCount: 66, thoughtsTokenCount: 132, totalTokenCount: 732 })).toMatchObject({ input: 534, output: 198 });
  });

  it('does not count thoughts twice where the sum says that the answer holds them', () => {
    expect(readUsage({ promptTokenCount: 10, candidatesTokenCount: 50, thoughtsTokenCount: 30, totalTokenCount: 60 })).toMatchObject({ output: 50, reasoning: 30 });
  });

  it('is unknown when none was told, and has no output before there is any', () => {
    expect(readUsage(undefined)).toBeUndefined();
    expect(readUsage({ totalTokenCount: 5 })).toBeUndefined();
    expect(readUsage({ promptTokenCount: 5, totalTokenCount: 5 })).toMatchObject({ input: 5, output: 0, reasoning: undefined });
  });
});
