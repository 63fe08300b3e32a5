import type { Message } from '@nexus/channels';
import { KeyKind, metadataKeys, type Attribution, AttributionSchema } from '@nexus/contracts';
import { create } from '@bufbuild/protobuf';
import { AppError } from '@nexus/core';
import { mayPublishFor, verifyPublisher, type KeyResolver } from '@nexus/runtime';

/** Who a message on requests.incoming comes from, once that is proven. */
export interface ProvenPublisher {
  readonly tenantId: string;
  readonly attribution: Attribution;
  /** A service of NEXUS: its reply-to is read by whoever asks now, who drops what comes twice. */
  readonly isService: boolean;
  /** By the key of an adapter: its people have to be known. */
  readonly isSurface: boolean;
  /** Where its answers may go; undefined is the channel itself. */
  readonly replyTo: string | undefined;
  /** The reply-to that it named and does not own. */
  readonly refusedReplyTo: string | undefined;
}

/** Proves who published: a service of NEXUS by its signature, anyone else by a key. */
export class PublisherCheck {
  constructor(
    private readonly serviceToken: string,
    private readonly keys: Pick<KeyResolver, 'resolve' | 'peek'>,
  ) {}

  /** Throws AppError `unauthenticated` or `permission_denied`; a retryable one when the key cannot be looked up now. */
  async prove(message: Message<'requests.incoming'>): Promise<ProvenPublisher> {
    const authorization = message.metadata[metadataKeys.authorization] ?? '';
    const service = verifyPublisher(this.serviceToken, authorization, message.id);
    if (service !== undefined) {
      const { tenantId, keyId, client, project, isSurface = false } = service;
      return { tenantId, attribution: create(AttributionSchema, { client, project, keyId }), isService: true, isSurface, replyTo: message.replyTo, refusedReplyTo: undefined };
    }
    const secret = /^Bearer (\S+)$/i.exec(authorization)?.[1];
    if (secret === undefined) throw new AppError('unauthenticated', 'Publish with the metadata `authorization`: `Bearer <surface token>`.', { status: 401, param: 'authorization' });
    const resolved = this.keys.peek(secret) ?? (await this.keys.resolve(secret));
    if (resolved === undefined) throw new AppError('unauthenticated', 'This token is not known, or it was revoked.', { status: 401, param: 'authorization' });
    const { tenantId, key } = resolved;
    const { surface } = message.payload;
    if (!mayPublishFor(key, surface)) {
      throw new AppError('permission_denied', `This token may not publish for the surface ${JSON.stringify(surface.slice(0, 100))}.`, { status: 403, param: 'surface' });
    }
    const owns = message.replyTo === undefined || message.replyTo === key.id || message.replyTo.startsWith(`${key.id}.`);
    return {
      tenantId,
      attribution: create(AttributionSchema, { client: key.client, project: key.project, keyId: key.id }),
      isService: false,
      isSurface: key.kind === KeyKind.SURFACE,
      replyTo: owns ? message.replyTo : undefined,
      refusedReplyTo: owns ? undefined : message.replyTo,
    };
  }
}
