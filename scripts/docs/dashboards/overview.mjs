import { dashboard, lines, number, rate, spread } from './panel.mjs';

export const overview = dashboard('nexus-overview', 'NEXUS: overview', 'Is it well? One look, then the dashboard of what is not.', [
  number('Answers a minute', 'none', 'sum(rate(nexus_runs_ended_total{outcome="answered"}[$__rate_interval])) * 60', 'Runs that ended with an answer.'),
  number('Requests that failed', 'percentunit', '(sum(rate(http_server_request_duration_seconds_count{http_response_status_code=~"5.."}[$__rate_interval])) or vector(0)) / sum(rate(http_server_request_duration_seconds_count[$__rate_interval]))', 'Share of HTTP requests at the gateway that were answered with 5xx.', 0.05),
  number('Oldest message in a queue', 's', 'max(nexus_channel_queue_age_seconds)', 'How long the longest waits that no reader was handed yet.', 30),
  number('Spent an hour', 'currencyUSD', 'sum(rate(nexus_model_cost_usd_total[$__rate_interval])) * 3600', 'At the rate of now.'),
  number('Dead letters', 'none', 'sum(max by (service, channel) (nexus_dead_letters)) or vector(0)', 'Messages that nobody could handle, and that wait to be seen to.', 1),
  number('Providers left alone', 'none', 'sum(max by (provider) (nexus_router_breaker_open))', 'Breakers that are open, or about to be tried.', 1),
  number('UNKNOWN attempts', 'none', 'max(nexus_ledger_unknown_attempts)', 'Model calls whose end nobody has told.', 1),
  number('Longest without progress', 's', 'max(nexus_run_longest_quiet_seconds)', 'The run to which nothing happened for longest.', 300),
  rate('HTTP requests by status', 'http_server_request_duration_seconds_count', ['http_response_status_code'], 'At the gateway.', 'reqps'),
  spread('HTTP requests, time to the end of the answer', 's', 'http_server_request_duration_seconds', ['http_route'], 'Streams to their last part.'),
  rate('Runs by outcome', 'nexus_runs_ended_total', ['outcome'], 'Runs that ended.'),
  spread('Model calls', 's', 'gen_ai_client_operation_duration_seconds', ['gen_ai_provider_name'], 'By provider.'),
  lines('Waiting in queues', 'none', [['max by (channel) (nexus_channel_lag)', '{{channel}}']], 'Messages that no reader was handed yet.'),
  rate('RPCs that failed', 'rpc_server_call_duration_seconds_count{error_type!=""}', ['rpc_method', 'error_type'], 'Also those that were the fault of their callers.'),
  lines('Event loop delay, p99', 's', [['max by (instance) (nodejs_eventloop_delay_p99_seconds)', '{{instance}}']], 'How late a process gets to its work: above 0.1 s it has more than one core can do.'),
  lines('CPU', 'percentunit', [['sum by (instance) (rate(process_cpu_seconds_total[$__rate_interval]))', '{{instance}}']], 'Cores that a process uses.'),
  lines('Memory', 'bytes', [['process_resident_memory_bytes', '{{instance}}']], 'In RAM.'),
  lines('Heap', 'percentunit', [['nodejs_heap_size_used_bytes / nodejs_heap_size_limit_bytes', '{{instance}}']], 'Of what V8 may use: at 1 the process ends.'),
]);
