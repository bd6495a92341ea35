import { html } from "../../web/html.ts"
import type { Say } from "../../web/words.ts"
import { apiText } from "../../text/api.ts"
import type { DescribedSchema } from "./described-api.ts"

/** A schema as people read it: one line for a value, a list of its members for an object. Pure. */
const maxDepth = 6
const maxChoices = 40

export function schemaView(say: Say, schema: DescribedSchema, depth = 0): ReturnType<typeof html> {
  const object = objectOf(schema)
  if (!object || depth >= maxDepth) return html`<code>${typeText(schema)}</code>`
  return html`<dl class="facts schema">${Object.entries(object.properties ?? {}).map(([name, member]) => memberView(say, { name, member, required: object.required?.includes(name) ?? false }, depth))}</dl>`
}

function memberView(say: Say, { name, member, required }: { readonly name: string; readonly member: DescribedSchema; readonly required: boolean }, depth: number) {
  const inner = objectOf(member)
  return html`<dt><code>${name}</code>${required ? "" : html` <small>${say(apiText.optional)}</small>`}</dt>
    <dd><code>${typeText(member)}</code>${typeof member.description === "string" && html` ${member.description}`}${inner && schemaView(say, inner, depth + 1)}</dd>`
}

/** The object that it is, or that it is a list of. */
function objectOf(schema: DescribedSchema): DescribedSchema | undefined {
  if (schema.properties && Object.keys(schema.properties).length > 0) return schema
  if (isSchema(schema["items"])) return objectOf(schema["items"])
  const choices = choicesOf(schema).filter((choice) => choice.type !== "null")
  return choices.length === 1 && choices[0] ? objectOf(choices[0]) : undefined
}

const isSchema = (value: unknown): value is DescribedSchema => typeof value === "object" && value !== null && !Array.isArray(value)

const choicesOf = (schema: DescribedSchema): readonly DescribedSchema[] => {
  const choices = schema["anyOf"] ?? schema["oneOf"]
  return Array.isArray(choices) ? choices.filter(isSchema) : []
}

/** `integer 1–500 = 100`, `"vi" | "en"`, `list of string`. */
export function typeText(schema: DescribedSchema): string {
  const values = schema["enum"]
  if (Array.isArray(values)) return `${values.slice(0, maxChoices).map((value) => JSON.stringify(value)).join(" | ")}${values.length > maxChoices ? " | …" : ""}${defaultText(schema)}`
  if (schema["const"] !== undefined) return JSON.stringify(schema["const"])
  const choices = choicesOf(schema)
  if (choices.length > 0) return `${choices.map(typeText).join(" | ")}${defaultText(schema)}`
  if (isSchema(schema["items"])) return `list of ${typeText(schema["items"])}`
  const { type } = schema
  const name = type === undefined ? "any" : typeof type === "string" ? type : type.join(" | ")
  const format = typeof schema["format"] === "string" ? ` (${schema["format"]})` : ""
  const [low, high] = [schema["minimum"] ?? schema["minLength"], schema["maximum"] ?? schema["maxLength"]]
  const bounded = isBound(low) || isBound(high) ? ` ${isBound(low) ? String(low) : ""}–${isBound(high) ? String(high) : ""}` : ""
  return `${name}${format}${bounded}${defaultText(schema)}`
}

/** What JavaScript cannot count beyond is no bound that anybody set. */
const isBound = (value: unknown): value is number => typeof value === "number" && Math.abs(value) < Number.MAX_SAFE_INTEGER

const defaultText = (schema: DescribedSchema): string => (schema["default"] === undefined ? "" : ` = ${JSON.stringify(schema["default"])}`)
