/** JSON as `jsonb` takes it: half of a character, where a text was cut, or a NUL would be refused together with all that stands beside it. */
export const jsonText = (value: unknown): string => JSON.stringify(value, (_name, one: unknown) => (typeof one === "string" ? one.replaceAll("\0", "").toWellFormed() : one))
