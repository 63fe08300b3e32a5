import { dashboard, lines, number, rate, spread } from './panel.mjs';

const hourly = (title, labels, description) => lines(title, 'currencyUSD', [
  [`sum by (${labels.join(', ')}) (rate(nexus_model_cost_usd_total[$__rate_interval])) * 3600`, labels.map((label) => `{{${label}}}`).join(' ')],
], description);

export const money = dashboard('nexus-money', 'NEXUS: money', 'What models cost and what budgets do. The ledger is exact (`nexus usage`); this is for watching.', [
  number('Spent in this time', 'currencyUSD', 'sum(increase(nexus_model_cost_usd_total[$__range]))', 'By the counts of the providers.'),
  number('Spent an hour', 'currencyUSD', 'sum(rate(nexus_model_cost_usd_total[$__rate_interval])) * 3600', 'At the rate of now.'),
  number('A run costs', 'currencyUSD', 'sum(rate(nexus_run_cost_usd_sum[$__rate_interval])) / sum(rate(nexus_run_cost_usd_count[$__rate_interval]))', 'On average.'),
  number('UNKNOWN attempts', 'none', 'max(nexus_ledger_unknown_attempts)', 'Money is set aside for them until their end is known: `nexus attempts list`.', 1),
  hourly('Dollars an hour by provider', ['provider'], 'At the rate of now.'),
  hourly('Dollars an hour by model', ['provider', 'model'], 'At the rate of now.'),
  rate('Tokens a second', 'gen_ai_client_token_usage_sum', ['gen_ai_token_type'], 'Input with cached ones, and output.', 'none'),
  rate('Tokens a second by model', 'gen_ai_client_token_usage_sum', ['gen_ai_request_model', 'gen_ai_token_type'], 'Input with cached ones, and output.', 'none'),
  spread('Tokens of a call', 'none', 'gen_ai_client_token_usage', ['gen_ai_token_type'], 'How large calls are.'),
  spread('Cost of a run', 'currencyUSD', 'nexus_run_cost_usd', [], 'All of its model calls.'),
  rate('Attempts in the ledger', 'nexus_ledger_attempts_total', ['outcome'], 'Opened, refused by a budget, or there already.'),
  rate('Rows written into the ledger', 'nexus_ledger_records_total', [], 'Each attempt and tool call once.'),
  rate('Calls that a budget refused', 'nexus_budget_refusals_total', ['scope'], 'By whose budget it was.'),
  lines('Budgets that were reached', 'none', [['sum by (kind, level) (increase(nexus_budget_alerts_total[1h]))', '{{kind}} {{level}}']], 'In the hour before; `nexus budgets alerts` names them.'),
  rate('Odd records', 'nexus_ledger_oddities_total', ['kind'], 'Booked, but rare when all is well.'),
  lines('Calls counted by NEXUS itself', 'ops', [['sum by (provider) (rate(nexus_model_estimated_usage_total[$__rate_interval])) or sum by (provider) (rate(nexus_router_calls_total[$__rate_interval])) * 0', '{{provider}}']], 'Providers that did not tell their tokens: what they cost is an estimate.'),
]);
