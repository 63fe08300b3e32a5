import { invalidConfiguration, type Environment } from '@nexus/runtime';
import { z } from 'zod';

/** The service's own variables. */
export const gatewayEnvironmentSchema = z.object({
  NEXUS_MAX_BODY_BYTES: z.coerce.number('must be a number of bytes').int().min(1_024).max(10_485_760, 'must be at most 10485760').default(10_485_760).describe('Largest body of a completion request, before and after decompression; at most 10 MB.'),
  NEXUS_REQUEST_TIMEOUT_MS: z.coerce.number('must be milliseconds').int().min(1_000).max(3_600_000).default(600_000).describe("Longest a caller's completion may take; the default is that of OpenAI's SDKs."),
  NEXUS_BUS_LOST_MS: z.coerce.number('must be milliseconds').int().min(500).max(600_000).default(10_000).describe('Time without a sign of life from Redis after which requests that wait for an answer are given up with 503.'),
  NEXUS_MAX_QUEUE_MS: z.coerce.number('must be milliseconds').int().min(10).max(600_000).default(1_000).describe('Longest that a completion or a run should wait for its turn; while new ones would wait longer, they are refused with 429 `overloaded`.'),
  NEXUS_MAX_IN_FLIGHT: z.coerce.number('must be a number').int().min(1).max(1_000_000).default(10_000).describe('Most completions and runs that wait for their answer at one replica of the gateway; further ones are refused with 429 `overloaded`.'),
  NEXUS_MAX_SOCKETS: z.coerce.number('must be a number').int().min(1).max(1_000_000).default(10_000).describe('Most WebSockets at one replica of the gateway; further ones are refused with 503 `too_many_connections`.'),
  NEXUS_CORS_ORIGINS: z
    .string()
    .default('')
    .transform((text) => text.split(',').map((origin) => origin.trim()).filter((origin) => origin !== ''))
    .refine((origins) => origins.every(isOrigin), 'must be origins such as https://app.example.com, parted by commas')
    .describe('Origins whose pages may call the API from a browser, parted by commas, also over a WebSocket; none by default.'),
});

export interface GatewayConfig {
  readonly maxBodyBytes: number;
  readonly timeoutMs: number;
  readonly busLostMs: number;
  readonly maxQueueMs: number;
  readonly maxInFlight: number;
  readonly maxSockets: number;
  readonly corsOrigins: readonly string[];
}

/** The gateway's own part of the environment. Throws an AppError `invalid_configuration` that names every wrong variable. */
export function readGatewayConfig(environment: Environment): GatewayConfig {
  const set = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== undefined && value !== ''));
  const parsed = gatewayEnvironmentSchema.safeParse(set);
  if (!parsed.success) throw invalidConfiguration('gateway', parsed.error);
  const { NEXUS_MAX_BODY_BYTES, NEXUS_REQUEST_TIMEOUT_MS, NEXUS_BUS_LOST_MS, NEXUS_MAX_QUEUE_MS, NEXUS_MAX_IN_FLIGHT, NEXUS_MAX_SOCKETS, NEXUS_CORS_ORIGINS } = parsed.data;
  return {
    maxBodyBytes: NEXUS_MAX_BODY_BYTES, timeoutMs: NEXUS_REQUEST_TIMEOUT_MS, busLostMs: NEXUS_BUS_LOST_MS,
    maxQueueMs: NEXUS_MAX_QUEUE_MS, maxInFlight: NEXUS_MAX_IN_FLIGHT, maxSockets: NEXUS_MAX_SOCKETS, corsOrigins: NEXUS_CORS_ORIGINS,
  };
}

function isOrigin(text: string): boolean {
  return URL.canParse(text) && new URL(text).origin === text;
}
