const NAME = /^[a-z][a-z0-9_]{0,47}$/;

/** `name` itself when it may stand in SQL text unquoted; throws RangeError otherwise. Names come from code, never from a request. */
export function sqlName(name: string): string {
  if (!NAME.test(name)) throw new RangeError(`not a plain SQL name: ${JSON.stringify(name)}`);
  return name;
}

/** The roles of a schema. Nobody logs in as `owner` or `finder`. */
export interface SchemaRoles {
  /** Owns the schema and all in it; migrations run as this role. */
  readonly owner: string;
  /** The service logs in as this role; it owns nothing and row-level security holds for it. */
  readonly serving: string;
  /** Owns the functions that answer a question across tenants; may read only the columns these need. */
  readonly finder: string;
}

export function rolesOf(schema: string): SchemaRoles {
  const serving = `nexus_${sqlName(schema)}`;
  return { owner: `${serving}_owner`, serving, finder: `${serving}_finder` };
}
