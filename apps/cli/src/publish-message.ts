import { text } from 'node:stream/consumers';
import { fromJsonString } from '@bufbuild/protobuf';
import { outgoing, redisBus } from '@nexus/channels';
import { channels, metadataKeys, type MessageOf, type ChannelName, type Metadata } from '@nexus/contracts';
import { AppError, DEVELOPMENT_TENANT_ID, newId } from '@nexus/core';
import type { CliContext } from './cli-context.js';
import { findGateway } from './gateway-access.js';
import { knownChannel } from './known-channel.js';

export interface NewMessage {
  readonly channel: string;
  /** Proto3 JSON, or `-` for standard input. */
  readonly json: string;
  readonly id?: string | undefined;
  readonly correlationId?: string | undefined;
  readonly replyTo?: string | undefined;
  readonly tenant?: string | undefined;
}

/** Publishes and resolves to the message's id. Throws AppError `malformed_payload` when the JSON is not the channel's message. */
export async function publishMessage(context: CliContext, redisUrl: string, message: NewMessage): Promise<string> {
  const channel = knownChannel(message.channel);
  const payload = parsePayload(channel, message.json === '-' ? await text(process.stdin) : message.json);
  const id = message.id ?? newId();
  const isForTenant = channels[channel].requiredMetadata.some((name) => name === metadataKeys.tenant);
  const bus = redisBus(redisUrl, { prefix: context.config.redisPrefix });
  try {
    await bus.ping();
    await bus.publish(outgoing({
      channel, id, payload, metadata: credentials(context, channel),
      ...(isForTenant && { tenantId: message.tenant ?? DEVELOPMENT_TENANT_ID }),
      ...(message.correlationId !== undefined && { correlationId: message.correlationId }),
      ...(message.replyTo !== undefined && { replyTo: message.replyTo }),
    }));
    return id;
  } finally {
    await bus.close();
  }
}

function credentials(context: CliContext, channel: ChannelName): Metadata {
  if (channel !== 'requests.incoming') return {};
  return { [metadataKeys.authorization]: `Bearer ${findGateway(context.config, context.folder).key}` };
}

function parsePayload<C extends ChannelName>(channel: C, json: string): MessageOf<C> {
  try {
    return fromJsonString(channels[channel].message, json) as MessageOf<C>;
  } catch (cause) {
    throw new AppError('malformed_payload', `The payload is not ${channels[channel].message.typeName} as JSON: ${cause instanceof Error ? cause.message : 'unknown reason'}`, { status: 400, param: 'json', cause });
  }
}
