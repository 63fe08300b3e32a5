import type { GetQuotaResponse } from '@nexus/contracts';
import type { CliContext } from '../cli-context.js';

/** Prints budgets as a table, or as JSON. */
export async function showBudgets({ terminal }: CliContext, answer: GetQuotaResponse, options: { readonly json?: boolean }): Promise<void> {
  if (options.json) {
    const [{ messageJson }, { GetQuotaResponseSchema }] = await Promise.all([import('../format/message-json.js'), import('@nexus/contracts')]);
    return terminal.line(messageJson(GetQuotaResponseSchema, answer));
  }
  const { budgetTable } = await import('../format/budget-table.js');
  terminal.lines(budgetTable(answer.budgets));
}
