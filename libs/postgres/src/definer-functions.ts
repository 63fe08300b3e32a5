/**
 * Every question that may be asked across tenants, by schema: each answers only (tenant_id, id), and what it finds is then read as
 * that tenant. The catalogue check refuses any other SECURITY DEFINER function.
 */
export const definerFunctions: readonly string[] = [
  'settings.find_key',
  'settings.due_webhooks',
  'settings.expired_webhook_delivery',
  'settings.expired_link_code',
  'settings.expired_wrong_code',
  'orchestrator.expired_command',
  'orchestrator.expired_runs',
  'orchestrator.stalled_runs',
  'orchestrator.unsent_runs',
  'usage.old_alerts',
  'usage.old_attempts',
  'usage.old_executions',
  'usage.orphaned_attempts',
  'usage.own_attempts',
  'usage.untold_alerts',
  'usage.unknown_attempts',
  'usage.unresolved_attempts',
  'orchestrator.waking_runs',
  'router.expired_answer',
  'orchestrator.waiting_tasks',
  'orchestrator.expired_queued_task',
  'orchestrator.expired_kept_response',
  'orchestrator.expired_stored_file',
  'router.expired_chain',
  'router.expired_cache',
  'router.expired_similar',
];

/** The same, made in every service's schema by what this package gives them. */
export const definerFunctionsOfEverySchema: readonly string[] = ['dead_letter_tenants', 'expired_dead_letters', 'expired_idempotency_key'];
