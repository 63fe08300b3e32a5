import { createHmac } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { deterministicId } from '@nexus/core';
import { SERVICE_TOKEN } from '@nexus/runtime';

/**
 * Under what id a code is stored. Its 40 bits could be tried out by whoever reads the table, so the hash is keyed with the service token, which
 * the database does not hold.
 */
@Injectable()
export class LinkCodes {
  constructor(@Inject(SERVICE_TOKEN) private readonly serviceToken: string) {}

  idOf(tenantId: string, code: string): string {
    const hash = createHmac('sha256', this.serviceToken).update(JSON.stringify(['nexus link code 1', tenantId, code])).digest('hex');
    return deterministicId(tenantId, 'link code', hash);
  }
}
