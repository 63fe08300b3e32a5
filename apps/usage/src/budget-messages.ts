import type { MessageInitShape } from '@bufbuild/protobuf';
import { BudgetAlert_Kind as Kind, BudgetLevel as Level, BudgetScope as Scope, WhenReached as Wish, type BudgetAlertSchema, type BudgetSchema } from '@nexus/contracts';
import type { BudgetLevel, BudgetScope, BudgetToday, WhenReached } from './domain/budget.js';
import type { BudgetAlert } from './domain/budget-alert.js';

const SCOPES: Readonly<Record<BudgetScope, Scope>> = {
  tenant: Scope.TENANT, client: Scope.CLIENT, project: Scope.PROJECT, user: Scope.USER, key: Scope.KEY, agent: Scope.AGENT,
};
const LEVELS: Readonly<Record<BudgetLevel, Level>> = { soft: Level.SOFT, hard: Level.HARD, critical: Level.CRITICAL };
const WISHES: Readonly<Record<WhenReached, Wish>> = { refuse: Wish.REFUSE, cheaper_tier: Wish.CHEAPER_TIER, smaller_context: Wish.SMALLER_CONTEXT };
const KINDS: Readonly<Record<BudgetAlert['kind'], Kind>> = { reached: Kind.REACHED, lifted: Kind.LIFTED, over_reservation: Kind.OVER_RESERVATION };

/** What a budget wants, as it travels. */
export const whenReachedMessage = (wish: WhenReached): Wish => WISHES[wish];

/** The scope that travels as this number; undefined for one that is not known here. */
export const scopeNamed = (told: Scope): BudgetScope | undefined => named(SCOPES, told);
/** The level that travels as this number; undefined for one that is not known here. */
export const levelNamed = (told: Level): BudgetLevel | undefined => named(LEVELS, told);
/** The wish that travels as this number; undefined for one that is not known here. */
export const wishNamed = (told: Wish): WhenReached | undefined => named(WISHES, told);

/** A budget as it travels. */
export function budgetMessage(budget: BudgetToday): MessageInitShape<typeof BudgetSchema> {
  const { id, name, period, limit, spent, reserved, resetsAt, subject } = budget;
  return {
    id, name, period, subject, limitMicroUsd: BigInt(limit), spentMicroUsd: BigInt(spent), reservedMicroUsd: BigInt(reserved), resetsAt: BigInt(resetsAt ?? 0),
    scope: SCOPES[budget.scope], level: LEVELS[budget.level], whenReached: WISHES[budget.whenReached], exemptAgents: [...budget.exemptAgents],
    liftedUntil: BigInt(budget.liftedUntil?.getTime() ?? 0), reachedAt: BigInt(budget.reachedAt?.getTime() ?? 0),
  };
}

/** An alert as it travels. */
export function alertMessage(alert: BudgetAlert): MessageInitShape<typeof BudgetAlertSchema> {
  const { kind, budget, scope, subject, level, limit, amount, at, windowStart, attemptId } = alert;
  return {
    kind: KINDS[kind], budget, subject, limitMicroUsd: BigInt(limit), amountMicroUsd: BigInt(amount), atMs: BigInt(at.getTime()),
    scope: scope === '' ? Scope.UNSPECIFIED : SCOPES[scope], level: level === '' ? Level.UNSPECIFIED : LEVELS[level], windowStart: windowStart ?? '', attemptId: attemptId ?? '',
  };
}

function named<Name extends string, Value>(values: Readonly<Record<Name, Value>>, told: Value): Name | undefined {
  return (Object.keys(values) as Name[]).find((name) => values[name] === told);
}
