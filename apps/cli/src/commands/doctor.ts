import { setTimeout as pause } from 'node:timers/promises';
import type { Command } from 'commander';
import type { CliContext } from '../cli-context.js';
import type { Finding } from '../domain/doctor/finding.js';
import { Failure } from '../exit-code.js';
import { withUrl } from './agent-options.js';
import { numberBetween } from './option-values.js';

interface DoctorOptions {
  readonly json?: boolean;
  readonly watch?: boolean | number;
  readonly url?: string;
}

const USUAL_SECONDS = 30;

/** `nexus doctor`: what is wrong here, and what to do about it. */
export function addDoctor(parent: Command, context: CliContext): void {
  withUrl(parent.command('doctor'))
    .description('Look at Redis, Postgres, tenant isolation, services, channels, dead letters, prices, providers, disk, memory, clocks and containers, and say of everything that is wrong what to do. Changes nothing and costs nothing. Exit code 1 when something fails.')
    .option('--json', 'print JSON instead, with --watch one line for each look')
    .option('--watch [seconds]', `look again every so many seconds (default ${USUAL_SECONDS}), and tell what has changed, until Ctrl-C`, numberBetween(5, 3_600))
    .addHelpText('after', '\nReads REDIS_URL, DATABASE_URL and NEXUS_GATEWAY_URL, or finds what `npm start` has started here.\n\nExamples:\n  nexus doctor\n  nexus doctor --json\n  nexus doctor --watch 60')
    .action(async (options: DoctorOptions) => {
      const [{ examine }, { looks }, report, { worst }] = await Promise.all([
        import('../doctor/examination.js'), import('../doctor/looks.js'), import('../format/doctor-report.js'), import('../domain/doctor/finding.js'),
      ]);
      const { terminal } = context;
      const look = (): Promise<Finding[]> => examine(looks, { context, url: options.url });
      const show = (findings: readonly Finding[]): void => (options.json ? terminal.line(report.doctorJson(findings, new Date())) : terminal.lines(report.doctorLines(findings, terminal.paint)));
      let before = await look();
      show(before);
      if (options.watch === undefined) {
        if (worst(before) === 'failure') throw new Failure();
        return;
      }
      const everyMs = (typeof options.watch === 'number' ? options.watch : USUAL_SECONDS) * 1_000;
      for (;;) {
        await pause(everyMs);
        const now = await look();
        if (options.json) show(now);
        else terminal.lines(report.changeLines(before, now, new Date(), terminal.paint));
        before = now;
      }
    });
}
