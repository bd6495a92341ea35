/**
 * JSON in one form only, so that equal values have equal octets: names in order of their UTF-16 code units and no white space, as RFC 8785
 * has it. For plain data: objects, arrays, strings, finite numbers, booleans, null; members that are undefined are left out.
 */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_name, member: unknown) => (isPlainObject(member) ? Object.fromEntries(Object.entries(member).toSorted(byName)) : member))
}

const byName = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number => (a < b ? -1 : Number(a > b))

const isPlainObject = (value: unknown): value is object => typeof value === "object" && value !== null && !Array.isArray(value)
