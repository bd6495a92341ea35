import type { z } from "zod"
import { type KeyNote, keyNotes } from "./key-kinds.ts"
import { configSchema } from "./schema.ts"

/** One leaf of the schema, as the file, the environment and the reference name it. */
export interface ConfigKey extends KeyNote {
  readonly path: readonly string[]
  readonly variable: string
  /** As it would be written in the file. */
  readonly fallback: unknown
}

function* leaves(schema: z.ZodType, path: readonly string[]): Iterable<ConfigKey> {
  const note = keyNotes.get(schema)
  if (note) {
    yield { ...note, path, variable: variableOf(path), fallback: fallbackOf(schema) }
    return
  }
  const inner = unwrap(schema)
  if (!("shape" in inner)) throw new Error(`${path.join(".")} has no note`)
  for (const [name, child] of Object.entries(inner.shape as Record<string, z.ZodType>)) yield* leaves(child, [...path, name])
}

const unwrap = (schema: z.ZodType): z.ZodType => ("unwrap" in schema && typeof schema.unwrap === "function" ? (schema.unwrap() as z.ZodType) : schema)

/** The default as text of the file: what the schema gives before any unit is parsed. */
function fallbackOf(schema: z.ZodType): unknown {
  const definition = schema.def as { readonly defaultValue?: unknown; readonly in?: z.ZodType }
  return definition.in ? fallbackOf(definition.in) : definition.defaultValue
}

/** `["smtp", "maxMessageBytes"]` → `CONGTHU_SMTP_MAX_MESSAGE_BYTES`. */
export const variableOf = (path: readonly string[]): string =>
  `CONGTHU_${path.map((part) => part.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()).join("_")}`

/** Every key, in the schema's order. */
export const configKeys: readonly ConfigKey[] = [...leaves(configSchema, [])]
