import { z } from 'zod';

/** A value of an attribute, as JavaScript sees it. */
export type AttributeValue = string | number | boolean | null | readonly AttributeValue[] | { readonly [name: string]: AttributeValue };

/** A span that was received. */
export interface ReceivedSpan {
  readonly traceId: string;
  readonly spanId: string;
  /** Undefined for the root of a trace. */
  readonly parentSpanId: string | undefined;
  readonly name: string;
  readonly kind: 'unspecified' | 'internal' | 'server' | 'client' | 'producer' | 'consumer';
  readonly status: 'unset' | 'ok' | 'error';
  readonly attributes: Readonly<Record<string, AttributeValue>>;
  readonly links: readonly { readonly traceId: string; readonly spanId: string }[];
  readonly serviceName: string | undefined;
  readonly durationMs: number;
}

const KINDS = ['unspecified', 'internal', 'server', 'client', 'producer', 'consumer'] as const;
const STATUSES = ['unset', 'ok', 'error'] as const;

type AnyValue = z.infer<typeof scalar> & { arrayValue?: { values?: AnyValue[] }; kvlistValue?: { values?: { key: string; value?: AnyValue }[] } };
const scalar = z.object({ stringValue: z.string().optional(), boolValue: z.boolean().optional(), intValue: z.union([z.number(), z.string()]).optional(), doubleValue: z.number().optional(), bytesValue: z.string().optional() });
const anyValue: z.ZodType<AnyValue> = scalar.extend({
  arrayValue: z.object({ values: z.lazy(() => anyValue.array()).optional() }).optional(),
  kvlistValue: z.object({ values: z.array(z.object({ key: z.string(), value: z.lazy(() => anyValue).optional() })).optional() }).optional(),
});
const attributes = z.array(z.object({ key: z.string(), value: anyValue.optional() })).default([]);
const id = (bytes: number): z.ZodString => z.string().regex(new RegExp(`^[0-9a-f]{${2 * bytes}}$`));

const span = z.object({
  traceId: id(16),
  spanId: id(8),
  parentSpanId: z.union([id(8), z.literal('')]).optional(),
  name: z.string(),
  kind: z.number().int().min(0).max(5).default(0),
  status: z.object({ code: z.number().int().min(0).max(2).default(0) }).default({ code: 0 }),
  startTimeUnixNano: z.coerce.bigint(),
  endTimeUnixNano: z.coerce.bigint(),
  attributes,
  links: z.array(z.object({ traceId: id(16), spanId: id(8) })).default([]),
});

const payload = z.object({
  resourceSpans: z.array(z.object({ resource: z.object({ attributes }).optional(), scopeSpans: z.array(z.object({ spans: z.array(span).default([]) })).default([]) })).default([]),
});

/** The spans in the JSON body of an OTLP/HTTP export request; throws a ZodError when it is not one. */
export function spansOf(body: unknown): ReceivedSpan[] {
  return payload.parse(body).resourceSpans.flatMap(({ resource, scopeSpans }) => {
    const service = recordOf(resource?.attributes ?? [])['service.name'];
    const serviceName = typeof service === 'string' ? service : undefined;
    return scopeSpans.flatMap(({ spans }) => spans).map(({ startTimeUnixNano, endTimeUnixNano, ...rest }) => ({
      ...rest,
      parentSpanId: rest.parentSpanId === '' ? undefined : rest.parentSpanId,
      kind: KINDS[rest.kind] ?? 'unspecified',
      status: STATUSES[rest.status.code] ?? 'unset',
      attributes: recordOf(rest.attributes),
      serviceName,
      durationMs: Number(endTimeUnixNano - startTimeUnixNano) / 1e6,
    }));
  });
}

function recordOf(pairs: readonly { key: string; value?: AnyValue }[]): Record<string, AttributeValue> {
  return Object.fromEntries(pairs.map(({ key, value }) => [key, valueOf(value)]));
}

function valueOf(value: AnyValue | undefined): AttributeValue {
  if (value?.intValue !== undefined) return Number(value.intValue);
  if (value?.arrayValue !== undefined) return (value.arrayValue.values ?? []).map(valueOf);
  if (value?.kvlistValue !== undefined) return recordOf(value.kvlistValue.values ?? []);
  return value?.stringValue ?? value?.boolValue ?? value?.doubleValue ?? value?.bytesValue ?? null;
}
