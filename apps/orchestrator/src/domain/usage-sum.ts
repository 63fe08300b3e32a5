import { create } from '@bufbuild/protobuf';
import { RunUsageSchema, TokenUsageSchema, type Routing, type RunUsage, type Spend } from '@nexus/contracts';
import { dearerTier, runUnits } from './run-units.js';

/** What the calls of a run used so far. */
export interface UsageSum {
  readonly input: number;
  readonly cacheRead: number;
  readonly cacheWrite: number;
  readonly output: number;
  readonly reasoning: number;
  readonly isEstimated: boolean;
  /** A call was made, or may have been made, whose use nobody told: the figures are those of the others. */
  readonly isPartial: boolean;
  readonly costMicroUsd: number;
  readonly modelCalls: number;
  readonly toolCalls: number;
  /** What processors worked in the tools' own processes, and local models. */
  readonly cpuMs: number;
  readonly computeMs: number;
  /** Of the dearest model that was called; empty when none is known. */
  readonly tier: string;
}

export const noUsage: UsageSum = {
  input: 0, cacheRead: 0, cacheWrite: 0, output: 0, reasoning: 0, isEstimated: false, isPartial: false, costMicroUsd: 0, modelCalls: 0, toolCalls: 0,
  cpuMs: 0, computeMs: 0, tier: '',
};

/** Adds a call that was made. What it does not tell stays unknown: it makes the sum partial instead of counting as nothing. */
export function addModelCall(sum: UsageSum, spend: Spend | undefined, tier = ''): UsageSum {
  const counted = {
    ...sum, modelCalls: sum.modelCalls + 1, costMicroUsd: sum.costMicroUsd + Number(spend?.costMicroUsd ?? 0n),
    computeMs: sum.computeMs + Number(spend?.computeMs ?? 0n), tier: dearerTier(sum.tier, tier),
  };
  const tokens = spend?.usage;
  if (tokens === undefined) return { ...counted, isPartial: true };
  return {
    ...counted,
    input: sum.input + Number(tokens.input),
    cacheRead: sum.cacheRead + Number(tokens.cacheRead),
    cacheWrite: sum.cacheWrite + Number(tokens.cacheWrite),
    output: sum.output + Number(tokens.output),
    reasoning: sum.reasoning + Number(tokens.reasoning),
    isEstimated: sum.isEstimated || tokens.estimated,
  };
}

export const addToolCall = (sum: UsageSum, cpuMs = 0n): UsageSum => ({ ...sum, toolCalls: sum.toolCalls + 1, cpuMs: sum.cpuMs + Number(cpuMs) });

/** The sum as an answer tells it, with how the model of the last call was chosen. Tokens are left out when no call told any. */
export function usageOf(sum: UsageSum, steps: number, durationMs: number, routing?: Routing): RunUsage {
  const { isEstimated, isPartial, costMicroUsd, modelCalls, toolCalls, cpuMs, computeMs, tier, ...tokens } = sum;
  const isTold = Object.values(tokens).some((count) => count > 0) || !isPartial;
  return create(RunUsageSchema, {
    tokens: isTold ? create(TokenUsageSchema, {
      input: BigInt(tokens.input),
      cacheRead: BigInt(tokens.cacheRead),
      cacheWrite: BigInt(tokens.cacheWrite),
      output: BigInt(tokens.output),
      reasoning: BigInt(tokens.reasoning),
      estimated: isEstimated,
    }) : undefined,
    costMicroUsd: BigInt(costMicroUsd),
    modelCalls,
    toolCalls,
    steps,
    durationMs: BigInt(durationMs),
    isPartial,
    runUnitsThousandths: BigInt(runUnits({ cpuMs, computeMs, tier, toolCalls })),
    ...(routing && { routing }),
  });
}
