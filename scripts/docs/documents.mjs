/** All generated documents: a map from path, relative to the workspace, to text. */
import { channels } from '@nexus/contracts';
import { channelsPage } from './channels-page.mjs';
import { configurationPage } from './configuration-page.mjs';
import { envelopeSchema } from './envelope.mjs';
import { errorsPage } from './errors-page.mjs';
import { dashboards } from './dashboards/dashboards.mjs';
import { channelSchema } from './json-schema.mjs';
import { metricsPage } from './metrics-page.mjs';
import { readProtos } from './protos.mjs';

const json = (value) => `${JSON.stringify(value, undefined, 2)}\n`;

export async function generateDocuments(root) {
  const protos = await readProtos(root);
  const documents = new Map();
  documents.set('docs/channels.md', channelsPage(root, protos));
  documents.set('docs/schemas/envelope.schema.json', json(envelopeSchema(root)));
  for (const [name, definition] of Object.entries(channels)) documents.set(`docs/schemas/${name}.schema.json`, json(channelSchema(name, definition, protos)));
  documents.set('docs/configuration.md', await configurationPage(root));
  documents.set('docs/errors.md', errorsPage(root));
  documents.set('docs/metrics.md', metricsPage(root));
  for (const dashboard of dashboards) documents.set(`deploy/grafana/dashboards/${dashboard.uid}.json`, json(dashboard));
  return documents;
}
