import type { Command } from 'commander';
import type { CliContext } from '../cli-context.js';
import { AppError } from '@nexus/core';
import { withUrl } from './agent-options.js';

interface PricesShowOptions {
  readonly json?: boolean;
  readonly url?: string;
}

/** `nexus prices show`: what a model costs, and who says so. */
export function addPricesShow(parent: Command, context: CliContext): void {
  withUrl(parent.command('show'))
    .description('Show what a model costs, bucket by bucket, today and for this tenant.')
    .argument('<model>', 'gpt-4o, openai/gpt-4o ...')
    .option('--json', 'print JSON instead; prices in micro-USD per million')
    .addHelpText('after', '\nExamples:\n  nexus prices show gpt-4o\n  nexus prices show anthropic/claude-sonnet-4-5 --json')
    .action(async (name: string, options: PricesShowOptions) => {
      const [{ knownPrices }, { priceLines }] = await Promise.all([import('../price-sources.js'), import('../format/price-lines.js')]);
      const known = await knownPrices(context, options);
      const found = known.find(name);
      if (found.length === 0) throw new AppError('model_not_found', `No provider of providers.yaml has a model "${name}". Write it as provider/model.`, { status: 404 });
      if (options.json) context.terminal.line(JSON.stringify(found.map(({ id, pricedBy, price, listed }) => ({ id, priced_by: pricedBy ?? null, ...price, mode: listed?.mode ?? null }))));
      else context.terminal.lines(found.flatMap((model, i) => [...(i > 0 ? [''] : []), ...priceLines(model)]));
      if (known.withoutGateway !== undefined) context.terminal.note(`What the tenant has set is not in it: ${known.withoutGateway}`);
    });
}
