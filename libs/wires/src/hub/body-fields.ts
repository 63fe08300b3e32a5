import { wrongType } from './input-error.js';
import { isObject, type JsonObject } from './json-object.js';

/*
 * Fields of a client's body. `at` is where the object stands, empty for the body itself. What is null was not said. All throw AppError
 * (400) with the place as its `param`.
 */

/** Where a field stands, e.g. `messages[2].content`. */
function placeOf(at: string, name: string): string {
  return at === '' ? name : `${at}.${name}`;
}

export function requiredString(object: JsonObject, name: string, at = ''): string {
  const value = object[name];
  if (typeof value !== 'string') throw wrongType(placeOf(at, name), 'a string', value);
  return value;
}

export function optionalString(object: JsonObject, name: string, at = ''): string | undefined {
  return isUnsaid(object[name]) ? undefined : requiredString(object, name, at);
}

export function optionalNumber(object: JsonObject, name: string, at = ''): number | undefined {
  const value = object[name];
  if (isUnsaid(value)) return undefined;
  if (typeof value !== 'number') throw wrongType(placeOf(at, name), 'a number', value);
  return value;
}

/** A whole number. */
export function optionalInteger(object: JsonObject, name: string, at = ''): number | undefined {
  const value = optionalNumber(object, name, at);
  if (value !== undefined && !Number.isSafeInteger(value)) throw wrongType(placeOf(at, name), 'a whole number', value);
  return value;
}

export function optionalBoolean(object: JsonObject, name: string, at = ''): boolean | undefined {
  const value = object[name];
  if (isUnsaid(value)) return undefined;
  if (typeof value !== 'boolean') throw wrongType(placeOf(at, name), 'true or false', value);
  return value;
}

export function requiredObject(object: JsonObject, name: string, at = ''): JsonObject {
  const value = object[name];
  if (!isObject(value)) throw wrongType(placeOf(at, name), 'an object', value);
  return value;
}

export function optionalObject(object: JsonObject, name: string, at = ''): JsonObject | undefined {
  return isUnsaid(object[name]) ? undefined : requiredObject(object, name, at);
}

/** The objects of an array, each with its place; none when it was not said. */
export function optionalObjects(object: JsonObject, name: string, at = ''): { readonly item: JsonObject; readonly at: string }[] {
  const value = object[name];
  if (isUnsaid(value)) return [];
  const place = placeOf(at, name);
  if (!Array.isArray(value)) throw wrongType(place, 'an array', value);
  return value.map((item: unknown, i) => {
    if (!isObject(item)) throw wrongType(`${place}[${i}]`, 'an object', item);
    return { item, at: `${place}[${i}]` };
  });
}

/** True for what was not said. */
export function isUnsaid(value: unknown): value is undefined | null {
  return value === undefined || value === null;
}
