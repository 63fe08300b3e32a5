import { setTimeout as wait } from 'node:timers/promises';
import type { MessageInitShape } from '@bufbuild/protobuf';
import type { HandlerContext, ServiceImpl } from '@connectrpc/connect';
import { Health, HealthCheckResponse_ServingStatus as Status } from '@nexus/contracts';
import { AppError } from '@nexus/core';
import type { Readiness } from '../readiness.js';
import { toConnectError } from './rpc-error.js';

const WATCH_EVERY_MS = 1_000;

type Answer = MessageInitShape<(typeof Health.method.check)['output']>;

/** grpc.health.v1: SERVING while the bus and the database answer. Knows the empty name (the whole server) and every service served. */
export function createHealthService(readiness: Readiness, serviceNames: ReadonlySet<string>): ServiceImpl<typeof Health> {
  const status = async (): Promise<Status> => ((await readiness.check()) ? Status.SERVING : Status.NOT_SERVING);
  const isKnown = (name: string): boolean => name === '' || serviceNames.has(name);
  return {
    async check({ service }): Promise<Answer> {
      if (!isKnown(service)) throw toConnectError(new AppError('service_not_found', 'This server has no such service.', { status: 404, param: 'service' }));
      return { status: await status() };
    },
    async *watch({ service }, context: HandlerContext): AsyncGenerator<Answer> {
      let last: Status | undefined;
      while (!context.signal.aborted) {
        const now = isKnown(service) ? await status() : Status.SERVICE_UNKNOWN;
        if (now !== last) yield { status: now };
        if (readiness.isOver) return; // whoever watches would else keep the port open
        last = now;
        await wait(WATCH_EVERY_MS, undefined, { signal: context.signal, ref: false }).catch(() => undefined);
      }
    },
  };
}
