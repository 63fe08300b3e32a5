import type { Command } from 'commander';
import type { CliContext } from '../cli-context.js';
import { Failure } from '../exit-code.js';
import { withUrl } from './agent-options.js';

interface PricesCheckOptions {
  readonly json?: boolean;
  readonly url?: string;
}

/** `nexus prices check`: which models have no price, or another one than the list says; fails when one has none. */
export function addPricesCheck(parent: Command, context: CliContext): void {
  withUrl(parent.command('check'))
    .description('Show which models that are configured or offered have no price, which prices are overridden, and how old the list is. Exit code 1 when one has no price.')
    .option('--json', 'print JSON instead, with every model; prices in micro-USD per million tokens')
    .addHelpText('after', '\nExamples:\n  nexus prices check\n  nexus prices check --json')
    .action(async (options: PricesCheckOptions) => {
      const [{ knownPrices }, { priceCheckLines }] = await Promise.all([import('../price-sources.js'), import('../format/price-lines.js')]);
      const { models, list, withoutGateway } = await knownPrices(context, options);
      if (options.json) {
        context.terminal.line(JSON.stringify({ date: list.date ?? null, models: models.map(({ id, pricedBy, price }) => ({ id, priced_by: pricedBy ?? null, ...price })) }));
      } else {
        context.terminal.lines(priceCheckLines(models, list, Date.now()));
      }
      if (withoutGateway !== undefined) context.terminal.note(`Only the files were checked, not what is offered nor what the tenant has set: ${withoutGateway}`);
      if (models.some(({ price }) => !price)) throw new Failure();
    });
}
