/** No text in PostgreSQL has a NUL: whoever sends one is told so before anything is asked of it. */
export const hasNul = (value: unknown): boolean => (typeof value === "string" ? value.includes("\0") : typeof value === "object" && value !== null && Object.entries(value).some(([name, one]) => hasNul(name) || hasNul(one)))
