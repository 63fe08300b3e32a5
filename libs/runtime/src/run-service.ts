import { parseArgs } from 'node:util';
import { AppError, systemClock } from '@nexus/core';
import { redisBus } from '@nexus/channels';
import { busReports } from './channels/bus-reports.js';
import { processEnvironment, readConfig, type RuntimeConfig } from './config.js';
import { armPlannedFailures } from './failpoint-trigger.js';
import type { Infrastructure } from './infrastructure.js';
import { createLogger, type Logger } from './logger.js';
import { openDatabase } from './open-database.js';
import { prepareService } from './prepare-service.js';
import { ServiceClients } from './rpc/service-clients.js';
import type { ServiceDefinition } from './service-definition.js';
import { requireNode, startProblem } from './start-problem.js';
import { startService, type RunningService } from './start-service.js';
import { stopOnUnexpectedErrors } from './unexpected-errors.js';

/** After the grace period: what closing connections may take before the process ends anyway. */
const CLOSE_WITHIN_MS = 1_000;

/**
 * A service as a process of its own: reads the environment, connects, starts, and on SIGTERM or SIGINT finishes what is under way
 * and exits with 0. A second signal exits at once. A start that fails exits with 1 after saying why. With `--prepare` it does not serve: it
 * makes its schema and its consumer groups (see prepareService), and exits with 0.
 */
export async function runService(definition: ServiceDefinition, args: readonly string[] = process.argv.slice(2)): Promise<void> {
  const environment = processEnvironment();
  let logger = createLogger().child({ service: definition.name });
  try {
    requireNode(process.versions.node);
    const isPreparing = isPreparation(definition, args);
    const config = readConfig(environment, definition.name);
    const rootLogger = createLogger({ level: config.logLevel });
    logger = rootLogger.child({ service: definition.name, replica: config.replica });
    if (isPreparing) return await prepareService(definition, config, logger);
    stopOnUnexpectedErrors(logger);
    if (config.failures.length > 0) logger.warn({ failpoints: config.failures }, 'this process was started to fail: FAILPOINT is for tests only');
    armPlannedFailures(config.failures);
    const infrastructure: Infrastructure = { ...(await connect(definition, config, logger)), logger: rootLogger, environment };
    const service = await startService(definition, infrastructure, { listen: true, host: config.host, port: config.port }).catch((error: unknown) => {
      throw startProblem(error, definition.name, config);
    });
    stopOnSignals(service, infrastructure, config, logger);
  } catch (error) {
    if (error instanceof AppError) process.stderr.write(`${error.message}\n`);
    logger.fatal({ error }, 'service did not start');
    process.exit(1);
  }
}

/** An option that is not known would else start a service where somebody waits for the end of a preparation. */
function isPreparation({ name }: ServiceDefinition, args: readonly string[]): boolean {
  try {
    return parseArgs({ args: [...args], options: { prepare: { type: 'boolean', default: false } } }).values.prepare;
  } catch (error) {
    throw new AppError('invalid_configuration', `${name} knows one option: --prepare, which makes its schema and its consumer groups, and ends.`, { cause: error });
  }
}

async function connect(definition: ServiceDefinition, config: RuntimeConfig, logger: Logger): Promise<Omit<Infrastructure, 'environment' | 'logger'>> {
  const database = await openDatabase(definition, config, logger);
  return {
    bus: redisBus(config.redisUrl, { prefix: config.redisPrefix, ...busReports(() => logger) }),
    ...(database === undefined ? {} : { database }),
    clients: new ServiceClients({ serviceToken: config.serviceToken, urls: config.urls }),
    clock: systemClock,
    serviceToken: config.serviceToken,
    replica: config.replica,
    claimIdleMs: config.claimIdleMs,
    keyedCallLeaseMs: config.keyedCallLeaseMs,
  };
}

function stopOnSignals(service: RunningService, infrastructure: Infrastructure, config: RuntimeConfig, logger: Logger): void {
  let isStopping = false;
  const stop = async (signal: string): Promise<void> => {
    if (isStopping) process.exit(1);
    isStopping = true;
    logger.info({ signal }, 'stopping');
    setTimeout(() => process.exit(1), config.shutdownGraceMs + CLOSE_WITHIN_MS).unref();
    try {
      await service.stop(config.shutdownGraceMs, Math.min(config.shutdownNoticeMs, config.shutdownGraceMs / 2));
      await close(infrastructure);
      logger.info('stopped');
      process.exit(0);
    } catch (error) {
      logger.error({ error }, 'did not stop cleanly');
      process.exit(1);
    }
  };
  process.on('SIGTERM', (signal) => void stop(signal));
  process.on('SIGINT', (signal) => void stop(signal));
}

async function close({ bus, database, clients }: Infrastructure): Promise<void> {
  clients.close();
  await Promise.all([bus.close(), database?.close()]);
}
