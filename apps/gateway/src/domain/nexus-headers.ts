import type { Routing } from '@nexus/contracts';

const LONGEST = 500;

/** What NEXUS says of an answer in its headers (lower-case names): which model it was, why that one, and what it cost. What is not known is left out. */
export function nexusHeaders(routing: Routing | undefined, costMicroUsd: bigint | undefined): Record<string, string> {
  const headers: Record<string, string> = { 'x-nexus-cost-micro-usd': String(costMicroUsd ?? 0n) };
  if (!routing) return headers;
  if (routing.model !== '') headers['x-nexus-model'] = headerText(routing.model);
  if (routing.tier !== '') headers['x-nexus-tier'] = headerText(routing.tier);
  if (routing.classifier !== '') headers['x-nexus-classifier'] = `${headerText(routing.classifier)}; confidence=${routing.confidence.toFixed(2)}`;
  if (routing.reason !== '') headers['x-nexus-route'] = headerText(routing.reason);
  if (routing.cache !== '') headers['x-nexus-cache'] = headerText(routing.cache);
  if (routing.fallbacks.length > 0) headers['x-nexus-fallbacks'] = headerText(routing.fallbacks.map(({ model, code }) => `${model} ${code}`).join(', '));
  return headers;
}

/** Their names, for those who have to say beforehand what will come. */
export const NEXUS_HEADERS = ['x-nexus-model', 'x-nexus-tier', 'x-nexus-classifier', 'x-nexus-route', 'x-nexus-fallbacks', 'x-nexus-cache', 'x-nexus-cost-micro-usd'] as const;

/** A header takes visible ASCII only. */
function headerText(text: string): string {
  return text.slice(0, LONGEST).replaceAll(/[^\x20-\x7e]/g, '?');
}
