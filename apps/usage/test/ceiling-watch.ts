import { Client } from 'pg';

/** A use of a budget that stood above its limit when a transaction committed, by more than what was alerted as costs above what was set aside. */
export interface AboveLimit {
  readonly name: string;
  readonly subject: string;
  readonly used: number;
  readonly limit: number;
}

/** Looks at every commit of every process, from inside the database. */
export interface CeilingWatch {
  /** Uses above the limit of a budget that binds them. */
  above(): Promise<AboveLimit[]>;
  /** How many commits it has looked at. */
  commits(): Promise<number>;
  stop(): Promise<void>;
}

const WATCH = `
  CREATE SCHEMA watch;
  CREATE SEQUENCE watch.commits;
  CREATE TABLE watch.above (name text, subject text, used bigint, "limit" bigint);
  CREATE FUNCTION watch.look() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
  BEGIN
    PERFORM nextval('watch.commits');
    INSERT INTO watch.above
    SELECT d.name, u.subject, u.spent_micro_usd + u.reserved_micro_usd, d.limit_micro_usd FROM usage.budget d JOIN usage.budget_use u ON u.tenant_id = d.tenant_id AND u.budget_id = d.id
     WHERE u.tenant_id = NEW.tenant_id AND u.budget_id = NEW.budget_id AND u.subject = NEW.subject AND d.level <> 'soft' AND NOT u.subject = ANY (d.exempt_agents)
       AND u.spent_micro_usd + u.reserved_micro_usd > d.limit_micro_usd + coalesce((
         SELECT sum(r.amount_micro_usd) FROM usage.budget_alert r JOIN usage.attempt a ON a.tenant_id = r.tenant_id AND a.id = r.attempt_id
          WHERE r.tenant_id = u.tenant_id AND r.kind = 'over_reservation' AND usage.window_start(d.period, a.day) = u.window_start
            AND usage.budget_subject(d.scope, a.client, a.project, a.key_id, a.user_label, a.agent) = u.subject), 0);
    RETURN NULL;
  END $$;
  -- Deferred: what it sees is what the transaction leaves.
  CREATE CONSTRAINT TRIGGER watch AFTER INSERT OR UPDATE ON usage.budget_use DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION watch.look();`;

/** `adminUrl` is of a superuser of the migrated database. */
export async function watchCeilings(adminUrl: string): Promise<CeilingWatch> {
  const admin = new Client({ connectionString: adminUrl });
  await admin.connect();
  await admin.query(WATCH);
  return {
    above: async () => (await admin.query<AboveLimit>('SELECT name, subject, used::int, "limit"::int FROM watch.above')).rows,
    commits: async () => Number((await admin.query<{ last_value: string }>('SELECT last_value FROM watch.commits')).rows[0]?.last_value),
    stop: async () => {
      await admin.query('DROP TRIGGER watch ON usage.budget_use; DROP SCHEMA watch CASCADE');
      await admin.end();
    },
  };
}
