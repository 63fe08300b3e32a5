import type { MigrationInterface, QueryRunner } from 'typeorm';
import { batchFunction } from './batch-function.js';
import { listed, pricesOfAttempt, toldColumns, whoseColumns } from './told-columns.js';

/** An UNKNOWN attempt is handed out with every price and with all that says whose it is. */
export class ClaimEveryBucket1763600010000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query('DROP FUNCTION usage.claim_unknown');
    await runner.query(CLAIM_UNKNOWN);
  }

  async down(): Promise<void> {
    throw new Error('who resolves an attempt needs every price of it');
  }
}

const whose = whoseColumns.map(([column]) => column);
const priceColumns = toldColumns.filter(([column]) => pricesOfAttempt.includes(column));

/**
 * usage.claim_unknown: hands these UNKNOWN attempts to one asker: they are handed out again after p_every milliseconds, twice that, four
 * times ... and never later than after five minutes. Out: those that it got, with how often each was handed out before.
 */
const CLAIM_UNKNOWN = batchFunction({
  name: 'claim_unknown',
  parameters: 'p_every integer, p_tenants uuid[], p_first integer[], p_last integer[], p_ids uuid[]',
  returns: `TABLE (tenant_id uuid, id uuid, provider text, model text, asked integer, ${listed([...whoseColumns, ...priceColumns].map((pair) => pair.join(' ')))})`,
  body: `
    BEGIN
      FOR k IN 1 .. cardinality(p_tenants) LOOP
        PERFORM set_config('app.tenant_id', p_tenants[k]::text, true);
        FOR i IN p_first[k] .. p_last[k] LOOP
          RETURN QUERY
            UPDATE usage.attempt x
               SET resolve_after = clock_timestamp() + least(300000, p_every * power(2, least(x.resolutions, 20))) * interval '1 millisecond', resolutions = x.resolutions + 1
             WHERE x.id = p_ids[i] AND x.state = 'unknown' AND coalesce(x.resolve_after, '-infinity') <= clock_timestamp()
            RETURNING x.tenant_id, x.id, x.provider, x.model, x.resolutions - 1, ${listed([...whose, ...priceColumns.map(([column]) => column)], (column) => `x.${column}`)};
        END LOOP;
      END LOOP;
      PERFORM set_config('app.tenant_id', '', true);
    END`,
});
