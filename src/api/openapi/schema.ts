import { z } from "zod"
import { described } from "../fields.ts"

/** JSON Schema 2020-12 of a zod schema, as OpenAPI 3.1 uses it (§4.8.24). Pure. */
export interface JsonSchema {
  readonly $ref?: string
  readonly type?: string | readonly string[]
  readonly description?: string
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly required?: readonly string[]
  readonly [keyword: string]: unknown
}

/** `input`: what may be sent; `output`: what is answered. */
export function schemaOf(schema: z.ZodType, io: "input" | "output"): JsonSchema {
  const { $schema: _, ...made } = z.toJSONSchema(schema, {
    io,
    unrepresentable: "any",
    override({ zodSchema, jsonSchema }) {
      const shown = described.get(zodSchema)
      if (shown) {
        for (const keyword of ["anyOf", "pattern"] as const) delete jsonSchema[keyword]
        Object.assign(jsonSchema, shown.as)
      }
      // zod leaves the default out where the schema transforms: what it is afterwards need not be what is sent; a number is
      if (zodSchema instanceof z.ZodDefault && typeof zodSchema.def.defaultValue !== "object") jsonSchema.default = zodSchema.def.defaultValue
    },
  })
  return made as JsonSchema
}
