/** No text in PostgreSQL has a NUL: whoever sends one is told so before anything is asked of it. Other than plain objects and lists nothing is looked into. However deep the value is. */
export function hasNul(value: unknown): boolean {
  const waiting = [value]
  while (waiting.length > 0) {
    const one = waiting.pop()
    if (typeof one === "string" && one.includes("\0")) return true
    if (Array.isArray(one)) for (const inner of one) waiting.push(inner)
    else if (isPlain(one)) for (const [name, inner] of Object.entries(one)) waiting.push(name, inner)
  }
  return false
}

/** Members that stand within others, the outermost at 1; whoever reads them by recursion wants to know. */
export function isDeeperThan(value: unknown, most: number): boolean {
  let level = [value]
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > most) return true
    level = level.flatMap((one) => (Array.isArray(one) ? one : isPlain(one) ? Object.values(one) : []))
  }
  return false
}

const isPlain = (value: unknown): value is object => {
  const prototype: unknown = typeof value === "object" && value !== null ? Object.getPrototypeOf(value) : undefined
  return prototype === Object.prototype || prototype === null
}
