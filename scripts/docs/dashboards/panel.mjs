/** Pieces of Grafana dashboards: what Grafana 11 and newer read, and no more. */

const datasource = { type: 'prometheus', uid: '${datasource}' };
const WIDTH = 24;

/** One query of a panel: `[expression, legend]`. */
const targetsOf = (queries) => queries.map(([expr, legendFormat = ''], i) => ({ refId: String.fromCharCode(65 + i), datasource, expr, legendFormat }));

/** A number with its recent past; `bad` is the value from which on it is red. */
export const number = (title, unit, expr, description, bad) => ({
  type: 'stat', width: 6, height: 4, title, description, datasource,
  targets: targetsOf([[expr]]),
  fieldConfig: { defaults: { unit, ...(bad !== undefined && { thresholds: { mode: 'absolute', steps: [{ color: 'green', value: null }, { color: 'red', value: bad }] } }) }, overrides: [] },
  options: { reduceOptions: { calcs: ['lastNotNull'] }, graphMode: 'area', colorMode: bad === undefined ? 'none' : 'value' },
});

/** Lines over time, one for each series of its queries. */
export const lines = (title, unit, queries, description) => ({
  type: 'timeseries', width: 12, height: 8, title, description, datasource,
  targets: targetsOf(queries),
  fieldConfig: { defaults: { unit, min: 0, custom: { fillOpacity: 10, showPoints: 'never' } }, overrides: [] },
  options: { legend: { displayMode: 'list', placement: 'bottom' }, tooltip: { mode: 'multi', sort: 'desc' } },
});

/** The 95th and the median of a histogram, by these labels. */
export const spread = (title, unit, histogram, labels, description) => lines(title, unit, [0.95, 0.5].map((share) => [
  `histogram_quantile(${share}, sum by (${['le', ...labels].join(', ')}) (rate(${histogram}_bucket[$__rate_interval])))`,
  `p${share * 100} ${labels.map((label) => `{{${label}}}`).join(' ')}`.trim(),
]), description);

/** Events a second, by these labels. */
export const rate = (title, counter, labels, description, unit = 'ops') => lines(title, unit, [
  [`sum by (${labels.join(', ')}) (rate(${counter}[$__rate_interval]))`, labels.map((label) => `{{${label}}}`).join(' ')],
], description);

/** A dashboard of panels from left to right, in rows. */
export function dashboard(uid, title, description, panels) {
  let [x, y, rowHeight] = [0, 0, 0];
  return {
    uid, title, description, tags: ['nexus'], schemaVersion: 39, version: 1, editable: true, timezone: 'browser', refresh: '30s',
    time: { from: 'now-1h', to: 'now' },
    templating: { list: [{ name: 'datasource', label: 'Prometheus', type: 'datasource', query: 'prometheus', hide: 0, includeAll: false, multi: false }] },
    links: [{ type: 'dashboards', title: 'NEXUS', tags: ['nexus'], asDropdown: true, includeVars: true, keepTime: true }],
    annotations: { list: [] },
    panels: panels.map(({ width, height, ...panel }, i) => {
      if (x + width > WIDTH) [x, y, rowHeight] = [0, y + rowHeight, 0];
      const gridPos = { x, y, w: width, h: height };
      x += width;
      rowHeight = Math.max(rowHeight, height);
      return { id: i + 1, ...panel, gridPos };
    }),
  };
}
