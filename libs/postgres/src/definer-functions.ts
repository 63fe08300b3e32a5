/**
 * Every question that may be asked across tenants, by schema: each answers only (tenant_id, id), and what it finds is then read as
 * that tenant. The catalogue check refuses any other SECURITY DEFINER function.
 */
export const definerFunctions: readonly string[] = [
  'settings.find_key',
  'orchestrator.expired_runs',
  'orchestrator.stalled_runs',
  'orchestrator.unsent_runs',
];
