import type { ArgumentSchema, OfferedTool } from './chat.js';
import { findCalculations } from './find-calculations.js';
import { findUrls } from './find-urls.js';
import { findPlaces } from './time-zones.js';

const MAX_DEPTH = 5;

/** Arguments for a tool that the demo model has no rule for: each required argument is filled from the words of the question, as well as goes. */
export function fillArguments(tool: OfferedTool, question: string): Readonly<Record<string, unknown>> {
  return fillObject(tool.parameters, question, 0);
}

function fillObject(schema: ArgumentSchema, question: string, depth: number): Record<string, unknown> {
  const properties = Object.entries(schema.properties ?? {});
  const required = new Set(schema.required ?? []);
  // A schema that requires nothing still gets the first thing it could use.
  const wanted = required.size > 0 ? properties.filter(([name]) => required.has(name)) : properties.slice(0, 1);
  return Object.fromEntries(wanted.map(([name, inner]) => [name, fill(name, inner, question, depth)]));
}

function fill(name: string, schema: ArgumentSchema, question: string, depth: number): unknown {
  if (schema.enum && schema.enum.length > 0) return schema.enum.find((value) => typeof value === 'string' && question.toLowerCase().includes(value.toLowerCase())) ?? schema.enum[0];
  const type: unknown = Array.isArray(schema.type) ? schema.type[0] : schema.type;
  switch (type) {
    case 'number':
      return numberIn(question);
    case 'integer':
      return Math.trunc(numberIn(question));
    case 'boolean':
      return false;
    case 'null':
      return null;
    case 'array':
      return [];
    case 'object':
      return depth < MAX_DEPTH ? fillObject(schema, question, depth + 1) : {};
    default:
      return textFor(name.toLowerCase(), question);
  }
}

function textFor(name: string, question: string): string {
  if (/url|link|address/.test(name)) return findUrls(question)[0]?.url ?? question;
  if (/time_?zone|^tz$/.test(name)) return findPlaces(question)[0]?.timezone ?? 'UTC';
  if (/city|location|place|where|country/.test(name)) return placeIn(question) ?? question;
  if (/expression|formula|calculation/.test(name)) return findCalculations(question)[0]?.expression ?? question;
  return question;
}

function placeIn(question: string): string | undefined {
  return findPlaces(question)[0]?.place ?? /\b(?:in|at|for|near) ((?:\p{Lu}[\p{L}'’-]+ ?){1,4})/u.exec(question)?.[1]?.trim();
}

function numberIn(question: string): number {
  return Number(/-?\d+(?:\.\d+)?/.exec(question.replace(/(\d),(?=\d{3})/g, '$1'))?.[0] ?? 0);
}
