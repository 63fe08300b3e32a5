import { rolesOf } from '@nexus/postgres';

/** A plpgsql function of the schema `usage` that only the serving role may call, with its own rights. */
export interface BatchFunction {
  readonly name: string;
  readonly parameters: string;
  readonly returns: string;
  readonly body: string;
  /** Called by other batch functions only, and so under their settings. */
  readonly isInner?: boolean;
  /** May scan by bitmaps, as filters (BRIN) need it. */
  readonly hasBitmaps?: boolean;
}

/**
 * Plans are made once for each connection and hold whatever the tables grow to: by index, row by row. Left to itself the planner
 * sees an empty table and chooses to scan it, or joins whole sets.
 */
const PLANNING = ['plan_cache_mode = force_generic_plan', 'enable_seqscan = off', 'enable_hashjoin = off', 'enable_mergejoin = off', 'enable_bitmapscan = off', 'jit = off'];

export function batchFunction({ name, parameters, returns, body, isInner = false, hasBitmaps = false }: BatchFunction): string {
  const planning = hasBitmaps ? [...PLANNING, 'enable_bitmapscan = on'] : PLANNING;
  const settings = isInner ? '' : ['search_path = pg_catalog', ...planning].map((setting) => `SET ${setting}`).join(' ');
  return `
    CREATE FUNCTION usage.${name}(${parameters}) RETURNS ${returns} LANGUAGE plpgsql SECURITY INVOKER ${settings}
      AS $function$ ${body} $function$;
    REVOKE ALL ON FUNCTION usage.${name} FROM PUBLIC;
    GRANT EXECUTE ON FUNCTION usage.${name} TO ${rolesOf('usage').serving};`;
}
