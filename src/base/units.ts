const durationUnits = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const
const byteUnits = { B: 1, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30, TiB: 2 ** 40 } as const

const parseWith = (units: Readonly<Record<string, number>>, text: string): number | undefined => {
  const match = /^(\d+(?:\.\d+)?)\s*([A-Za-z]+)$/.exec(text.trim())
  const factor = match?.[2] === undefined ? undefined : units[match[2]]
  return match && factor !== undefined ? Math.round(Number(match[1]) * factor) : undefined
}

/** `"90s"`, `"5d"`, `"250ms"` → milliseconds; undefined when it is not a duration. */
export const parseDurationMs = (text: string): number | undefined => parseWith(durationUnits, text)

/** `"25MiB"`, `"512B"` → bytes; undefined when it is not a size. */
export const parseBytes = (text: string): number | undefined => parseWith(byteUnits, text)
