import type { CliContext } from '../cli-context.js';
import type { StopList } from './stop-list.js';

/** The base URL of a demo model: that of NEXUS_DEMO_MODEL_URL, else of one that is started here on a free port. */
export async function startDemoModel({ config }: CliContext, stops: StopList): Promise<string> {
  if (config.demoModelUrl !== undefined) return config.demoModelUrl;
  const demo = await import('@nexus/demo-model/module');
  const model = await demo.startDemoModel({ host: '127.0.0.1', port: 0 });
  stops.add(() => model.close());
  return model.url;
}
