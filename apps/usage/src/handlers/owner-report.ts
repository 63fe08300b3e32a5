import type { ReportOwnerRequest } from '@nexus/contracts';
import { AppError } from '@nexus/core';
import { z } from 'zod';
import type { OwnerReport } from '../domain/owner.js';
import { idSchema } from './planned-attempt.js';

const name = z.string().min(1, 'must not be empty').max(200, 'must have at most 200 characters');
const refs = z.array(z.object({ tenantId: idSchema, attemptId: idSchema })).max(10_000, 'can hold at most 10000');
const schema = z.object({
  owner: name,
  replica: name,
  ttlMs: z.bigint().min(0n, 'must not be negative').max(3_600_000n, 'must be at most one hour').transform(Number),
  lost: refs,
  uncalled: refs,
  unresolvable: refs,
});

/** What an owner reports. Throws AppError `invalid_request` (400) with the place of what is wrong. */
export function ownerReportFrom(request: ReportOwnerRequest): OwnerReport {
  const parsed = schema.safeParse(request);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const param = issue?.path.join('.') ?? '';
  throw new AppError('invalid_request', `${param}: ${issue?.message ?? 'is not valid'}`, { status: 400, param });
}
