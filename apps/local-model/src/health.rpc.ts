import type { MessageInitShape } from '@bufbuild/protobuf';
import { Code, ConnectError, type HandlerContext, type ServiceImpl } from '@connectrpc/connect';
import { Health, HealthCheckResponse_ServingStatus as Status, LocalModelService } from '@nexus/contracts';

type Answer = MessageInitShape<(typeof Health.method.check)['output']>;

/** Whether the model answers; who watches is told of every change. */
export class Readiness {
  private change = Promise.withResolvers<void>();

  private state: 'loading' | 'serving' | 'over' = 'loading';

  get isServing(): boolean {
    return this.state === 'serving';
  }

  /** Whoever watches need not wait for another change. */
  get isOver(): boolean {
    return this.state === 'over';
  }

  set(state: 'serving' | 'over'): void {
    this.state = state;
    this.change.resolve();
    this.change = Promise.withResolvers<void>();
  }

  /** Resolves at the next change, or when the signal aborts. */
  async changed(signal: AbortSignal): Promise<void> {
    const gone = Promise.withResolvers<void>();
    const onAbort = (): void => gone.resolve();
    signal.addEventListener('abort', onAbort);
    await Promise.race([this.change.promise, gone.promise]);
    signal.removeEventListener('abort', onAbort);
  }
}

/** grpc.health.v1 for the empty name and the model's service. */
export function healthRpc(readiness: Readiness): ServiceImpl<typeof Health> {
  const isKnown = (name: string): boolean => name === '' || name === LocalModelService.typeName || name === Health.typeName;
  const status = (name: string): Status => (!isKnown(name) ? Status.SERVICE_UNKNOWN : readiness.isServing ? Status.SERVING : Status.NOT_SERVING);
  return {
    async check({ service }): Promise<Answer> {
      if (!isKnown(service)) throw new ConnectError('this server has no such service', Code.NotFound);
      return { status: status(service) };
    },
    async *watch({ service }, { signal }: HandlerContext): AsyncGenerator<Answer> {
      while (!signal.aborted) {
        yield { status: status(service) };
        if (readiness.isOver) return; // whoever watches would else keep the port open
        await readiness.changed(signal);
      }
    },
  };
}
