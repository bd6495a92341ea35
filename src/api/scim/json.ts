/** JSON objects whose members are found whatever the case of their names (RFC 7643 §2.1). Pure. */
export type JsonObject = Readonly<Record<string, unknown>>

export const isObject = (value: unknown): value is JsonObject => typeof value === "object" && value !== null && !Array.isArray(value)

export function nameIn(object: JsonObject, name: string): string | undefined {
  if (Object.hasOwn(object, name)) return name
  const small = name.toLowerCase()
  return Object.keys(object).find((one) => one.toLowerCase() === small)
}

export function memberOf(object: JsonObject, name: string): unknown {
  const found = nameIn(object, name)
  return found === undefined ? undefined : object[found]
}

export const textOf = (value: unknown): string | undefined => (typeof value === "string" ? value : undefined)
