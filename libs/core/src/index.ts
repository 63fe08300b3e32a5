export { AppError, type AppErrorOptions } from './app-error.js';
export { assertExhaustive } from './assert-exhaustive.js';
export { systemClock, type Clock } from './clock.js';
export { armFailpoints, failpoint, failpoints, type Failpoint } from './failpoint.js';
export { DEVELOPMENT_TENANT_ID, SYSTEM_TENANT_ID, deterministicId, isUuid, newId } from './ids.js';
export { costOf, formatUsd, mixedCacheRead, type MicroUsd, type TokenCount, type TokenPrice } from './money.js';
export { backoffMs } from './retry.js';
export { formatTraceparent, newTrace, parseTraceparent, type TraceContext } from './trace-context.js';
