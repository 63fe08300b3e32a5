import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileMemory, gatewayTransport, runAdapter, type Adapter, type AdapterMemory, type AdapterObserver, type Surface } from '@nexus/adapter-kit';
import { AppError, backoffMs } from '@nexus/core';
import { createLogger, type Logger, type ServiceClients } from '@nexus/runtime';
import type { CliContext } from '../cli-context.js';
import { linkLines } from '../format/link-lines.js';
import type { OpenLog } from './open-log.js';
import type { StopList } from './stop-list.js';
import { keepSurfaceKey } from './surface-key.js';

const RETRY_MS = 2_000;
const MOST_RETRY_MS = 60_000;

/** What the adapters of this process stand on. */
export interface AdapterGround {
  /** Of the gateway, for this machine. */
  readonly url: string;
  readonly clients: Pick<ServiceClients, 'settings' | 'directory'>;
  readonly log: OpenLog;
  /** NEXUS is asked to stop. */
  readonly signal: AbortSignal;
}

/** A surface that can be run here. */
interface KnownSurface {
  readonly title: string;
  /** It is run when this variable is set. */
  readonly tokenVariable: string;
  readonly load: (context: CliContext, memory: AdapterMemory, logger: Logger) => Promise<{ readonly surface: Surface; readonly bot: string }>;
}

const surfaces: readonly KnownSurface[] = [
  {
    title: 'Telegram',
    tokenVariable: 'TELEGRAM_BOT_TOKEN',
    load: async ({ environment }, memory, logger) => {
      const telegram = await import('@nexus/telegram/adapter');
      const options = telegram.readTelegramConfig(environment);
      const report = telegram.reportTo(logger);
      return { surface: telegram.telegramSurface({ ...options, memory, report }), bot: telegram.botIdOf(options.token) };
    },
  },
  {
    title: 'Discord',
    tokenVariable: 'DISCORD_BOT_TOKEN',
    load: async ({ environment, terminal }, memory, logger) => {
      const discord = await import('@nexus/discord/adapter');
      const config = discord.readDiscordConfig(environment);
      const observer = discord.reportTo(logger, () => terminal.note('Discord does not let the bot in any more: the log tells why. NEXUS serves all the same.'));
      return { surface: discord.discordSurface({ ...config, memory, observer }), bot: config.applicationId };
    },
  },
];

/**
 * Starts the adapters whose tokens are in the environment, over the gateway as one outside of this process would. What goes wrong with one is
 * told, and NEXUS serves all the same: a platform may be away, or a token wrong. Resolves when each is started or told of.
 */
export async function startAdapters(context: CliContext, ground: AdapterGround, stops: StopList): Promise<void> {
  const wanted = surfaces.filter(({ tokenVariable }) => context.environment[tokenVariable] !== undefined);
  if (wanted.length === 0) return;
  const token = await keepSurfaceKey(context.folder, ground.clients);
  await Promise.all(wanted.map((known) => startOne(known, token, context, ground, stops)));
}

/** A platform that is away when NEXUS starts, as before the network is there, is asked again until it answers. */
async function startOne(known: KnownSurface, token: string, context: CliContext, ground: AdapterGround, stops: StopList): Promise<void> {
  const { terminal } = context;
  for (let failures = 0; !ground.signal.aborted; failures++) {
    const failure = await tryToStart(known, token, context, ground, stops);
    if (failure === undefined || ground.signal.aborted) return;
    if (!failure.isRetryable) return terminal.lines([terminal.paint('red', `${known.title}: the bot does not run. ${failure.message} NEXUS serves all the same.`)]);
    if (failures === 0) terminal.lines([`${known.title}: the bot does not run yet. ${failure.message} It is tried again until it runs; NEXUS serves all the same.`]);
    await setTimeout(RETRY_MS + backoffMs(failures, RETRY_MS, MOST_RETRY_MS), undefined, { signal: ground.signal }).catch(() => undefined);
  }
}

/** Resolves when the adapter runs, or with what was in its way. */
async function tryToStart({ title, load }: KnownSurface, token: string, context: CliContext, { url, log, signal }: AdapterGround, stops: StopList): Promise<AppError | undefined> {
  const { terminal, config } = context;
  const name = title.toLowerCase();
  const logger = createLogger({ destination: log }).child({ service: name });
  let end = async (_graceMs: number): Promise<void> => undefined;
  try {
    const memory = fileMemory(join(config.dataDir, 'adapters', name));
    const { surface, bot } = await load(context, memory, logger);
    const transport = gatewayTransport({ url, token });
    const running: { adapter?: Adapter } = {};
    end = async (graceMs) => {
      if (running.adapter !== undefined) return running.adapter.stop(graceMs);
      await surface.disconnect();
      await transport.stop();
      await memory.close();
    };
    // Before it is started: a platform that does not answer is waited for.
    stops.add((graceMs) => end(graceMs));
    const observer: AdapterObserver = { problem: (doing, error) => logger.warn({ surface: name, kind: doing, code: error.code, error }, 'an adapter has trouble and goes on') };
    running.adapter = await runAdapter({ surface, memory, transport, settings: { bot }, observer });
    terminal.lines(linkLines(title));
    return undefined;
  } catch (error) {
    const failure = AppError.from(error);
    if (signal.aborted) return failure;
    await end(0).catch(() => undefined);
    end = async () => undefined;
    return failure;
  }
}
