import type { Invoice, InvoiceLine } from '../domain/invoice.js';
import { groupDigits } from './count.js';
import { decimalUsd } from './decimal-usd.js';

/** An invoice in Markdown. Every amount is exact to the micro-USD, and the total is the sum of what stands above it. */
export function invoiceText({ client, from, to, markupPercent, lines, cost, amount, cents }: Invoice): string[] {
  const hasMarkup = markupPercent !== 0;
  const head = ['Project', 'Model', 'Calls', 'Tokens in', 'Tokens out', ...(hasMarkup ? ['Cost, USD'] : []), 'Amount, USD'];
  const row = (line: InvoiceLine) => [
    cell(line.project), cell(`${line.provider}/${line.model}`) + (line.isEstimated ? ' *' : ''), groupDigits(line.calls), groupDigits(line.inputTokens), groupDigits(line.outputTokens),
    ...(hasMarkup ? [decimalUsd(line.cost)] : []), decimalUsd(line.amount),
  ];
  const total = ['**Total**', '', '', '', '', ...(hasMarkup ? [decimalUsd(cost)] : []), `**${decimalUsd(amount)}**`];
  return [
    `# Invoice: ${cell(client)}`,
    '',
    `Use of language models from ${from} to ${to} (UTC).`,
    ...(hasMarkup ? ['', `Amounts are the cost ${markupPercent < 0 ? `less ${-markupPercent}%` : `and ${markupPercent}%`}, rounded half up to a millionth of a dollar on each line.`] : []),
    '',
    line(head),
    line(head.map((_, i) => (i < 2 ? '---' : '---:'))),
    ...lines.map((each) => line(row(each))),
    line(total),
    '',
    `**Amount due: ${groupDigits(cents / 100n)}.${String(cents % 100n).padStart(2, '0')} USD**`,
    ...(lines.some(({ isEstimated }) => isEstimated) ? ['', '\\* The provider told no tokens of some of these calls; they were counted by NEXUS.'] : []),
  ];
}

function line(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}

/** A label as it may stand in a table. */
function cell(text: string): string {
  return text === '' ? '-' : text.replace(/\s+/g, ' ').replace(/[\\|*_`<>[\]#]/g, '\\$&');
}
