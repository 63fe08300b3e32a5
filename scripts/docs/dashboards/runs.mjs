import { dashboard, lines, number, rate, spread } from './panel.mjs';

export const runs = dashboard('nexus-runs', 'NEXUS: runs', 'From a message to its answer: how many, how long, and why not.', [
  number('Runs a minute', 'none', 'sum(rate(nexus_runs_ended_total[$__rate_interval])) * 60', 'All outcomes.'),
  number('Without an answer', 'percentunit', 'sum(rate(nexus_runs_ended_total{outcome="failed"}[$__rate_interval])) / sum(rate(nexus_runs_ended_total[$__rate_interval]))', 'Share of the runs that failed.', 0.05),
  number('Longest without progress', 's', 'max(nexus_run_longest_quiet_seconds)', 'The run to which nothing happened for longest.', 300),
  number('Waiting for long', 'none', 'max(nexus_runs_quiet)', 'Runs to which nothing happened for NEXUS_STALLED_MS: slow models and tools, or something is stuck.'),
  rate('Runs by outcome', 'nexus_runs_ended_total', ['outcome'], 'Runs that ended.'),
  spread('From message to answer', 's', 'nexus_run_duration_seconds', ['outcome'], 'From the acceptance of a message to the end of its run.'),
  rate('Runs by surface', 'nexus_runs_of_surface_total', ['surface'], 'Where people asked.'),
  lines('Adapters: messages and answers', 'ops', [['sum by (surface) (rate(nexus_adapter_messages_total[$__rate_interval])) or vector(0)', 'messages {{surface}}'], ['sum by (surface) (rate(nexus_adapter_answers_total[$__rate_interval])) or vector(0)', 'answers {{surface}}']], 'Telegram, Discord and your own, where they run.'),
  lines('Adapters: oldest answer not delivered', 's', [['max by (surface) (nexus_adapter_oldest_open_seconds) or vector(0)', '{{surface}}']], 'How long the person waits who waits longest.'),
  spread('Waiting for the run before in the thread', 's', 'nexus_run_thread_wait_seconds', [], 'A thread has one run at a time.'),
  rate('Failures by code', 'nexus_run_failures_total', ['code'], 'The codes are explained in docs/errors.md.'),
  rate('Refused before they began', 'nexus_requests_refused_total', ['code'], 'Messages that started no run.'),
  spread('Model calls', 's', 'gen_ai_client_operation_duration_seconds', ['gen_ai_provider_name', 'gen_ai_request_model'], 'Until the last byte.'),
  spread('First byte of models', 's', 'nexus_model_first_byte_seconds', ['provider', 'model'], 'How long until a model begins to answer.'),
  rate('Model calls by outcome', 'nexus_router_calls_total', ['provider', 'outcome'], 'Answered, or the code of the error.'),
  rate('Models passed over', 'nexus_router_passed_over_total', ['provider', 'why'], 'Because of a breaker or a limit.'),
  rate('Tool calls', 'nexus_tool_calls_total', ['tool', 'outcome'], 'By tool.'),
  spread('Tool calls, time', 's', 'nexus_tool_duration_seconds', ['tool'], 'Without their wait in the queue.'),
  lines('Model calls of a run', 'none', [['sum(rate(nexus_run_steps_sum[$__rate_interval])) / sum(rate(nexus_run_steps_count[$__rate_interval]))', 'mean']], 'Steps, retries not counted.'),
  spread('Cost of a run', 'currencyUSD', 'nexus_run_cost_usd', [], 'All of its model calls.'),
]);
