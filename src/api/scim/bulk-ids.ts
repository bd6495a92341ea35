import { isObject, type JsonObject, memberOf } from "./json.ts"

/** References in a bulk request to what it makes itself (RFC 7644 §3.7.2): values such as `bulkId:nhom`. Pure. */
const prefix = "bulkId:"

/** Which others a value refers to. */
export function tagsIn(value: unknown): readonly string[] {
  if (Array.isArray(value)) return value.flatMap(tagsIn)
  return isObject(value) ? Object.entries(value).flatMap(([name, inner]) => (isReference(value, name, inner) ? [inner.slice(prefix.length)] : tagsIn(inner))) : []
}

export type Made = ReadonlyMap<string, string | undefined>

/** With the ids in their places; what was not made stays as it is. */
export function resolved(value: unknown, made: Made): unknown {
  if (Array.isArray(value)) return value.map((one) => resolved(one, made))
  return isObject(value) ? Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, isReference(value, name, inner) ? (made.get(inner.slice(prefix.length)) ?? inner) : resolved(inner, made)])) : value
}

/** Only where an id belongs: a title may say what it likes, also by an operation of a PATCH. */
const isReference = (object: JsonObject, name: string, value: unknown): value is string => name.toLowerCase() === "value" && typeof value === "string" && value.startsWith(prefix) && memberOf(object, "op") === undefined
