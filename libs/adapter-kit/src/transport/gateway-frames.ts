import { z } from 'zod';

/** The version of the frames that this adapter speaks. */
export const PROTOCOL = 1;

const error = z.object({
  code: z.string().nullish(),
  message: z.string().nullish(),
  status: z.coerce.number().nullish(),
  is_retryable: z.boolean().nullish(),
  param: z.string().nullish(),
  retry_after_ms: z.coerce.number().nullish(),
});

/** What the gateway sends over a WebSocket, as far as an adapter needs it. */
const frame = z.discriminatedUnion('type', [
  z.object({ type: z.literal('welcome'), protocol: z.number(), heartbeat_ms: z.number().positive() }),
  z.object({ type: z.literal('agent_status'), message_id: z.string(), state: z.string(), queued_behind: z.number().nullish(), tool: z.string().nullish(), step: z.number().nullish() }),
  z.object({ type: z.literal('message_chunk'), message_id: z.string(), epoch: z.coerce.number(), step: z.number(), text: z.string() }),
  z.object({ type: z.literal('message_reset'), message_id: z.string(), epoch: z.coerce.number() }),
  z.object({ type: z.literal('message_complete'), message_id: z.string(), answer: z.json() }),
  z.object({ type: z.literal('error'), message_id: z.string().nullish(), error }),
  z.object({ type: z.literal('ping'), id: z.string().nullish() }),
]);

export type GatewayFrame = z.infer<typeof frame>;

/** The frame of a text; undefined for one that this adapter does not know, as a later gateway may send. */
export function readFrame(text: string): GatewayFrame | undefined {
  try {
    const read = frame.safeParse(JSON.parse(text));
    return read.success ? read.data : undefined;
  } catch {
    return undefined;
  }
}
