import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js"
import addFormats from "ajv-formats"
import type { ApiDocument } from "../../src/api/openapi/document.ts"

/** Holds answers against the description that the server itself gives out: a status, a type or a body that is not described is an error. */
export interface SeenAnswer {
  readonly method: string
  /** Below `/api/v1`, with the query. */
  readonly path: string
  readonly status: number
  readonly contentType: string
  readonly body: unknown
}

export function createAnswerCheck(document: ApiDocument): (answer: SeenAnswer) => void {
  const ajv = new Ajv2020({ strict: false, allErrors: true })
  addFormats.default(ajv)
  ajv.addSchema(document, "api")
  const compiled = new Map<string, ValidateFunction>()
  const templates = Object.keys(document.paths).map((template) => ({ template, pattern: new RegExp(`^${template.replace(/[.]/g, "\\.").replace(/\{\w+\}/g, "[^/]+")}$`), variables: template.split("{").length }))
  return ({ method, path, status, contentType, body }) => {
    const plain = path.split("?")[0] ?? ""
    const word = method.toLowerCase() as "get"
    // as the server does: a word goes before a variable
    const found = templates.filter(({ template, pattern }) => pattern.test(plain) && document.paths[template]?.[word]).toSorted((one, other) => one.variables - other.variables)[0]
    if (!found) return
    const response = document.paths[found.template]?.[word]?.responses[String(status)]
    if (!response) throw new Error(`${method} ${found.template} answered ${status}, which is not described`)
    const type = contentType.split(";")[0] ?? ""
    const pointer = "$ref" in response ? `api${response.$ref}` : `api#/paths/${found.template.replaceAll("/", "~1").replaceAll("{", "%7B").replaceAll("}", "%7D")}/${word}/responses/${status}`
    const content = "$ref" in response ? document.components.responses[response.$ref.split("/").at(-1) ?? ""]?.content : response.content
    if (!content) {
      if (type !== "") throw new Error(`${method} ${found.template} answered ${status} with a body, which is not described`)
      return
    }
    if (!content[type]) throw new Error(`${method} ${found.template} answered ${status} as ${type}, which is not described`)
    // a stream's events and a file are looked at by whoever asked for them
    if (type === "text/event-stream" || Object.keys(content[type].schema).length === 0) return
    const reference = `${pointer}/content/${type.replaceAll("/", "~1").replaceAll("+", "%2B")}/schema`
    const validate = compiled.get(reference) ?? ajv.compile({ $ref: reference })
    compiled.set(reference, validate)
    if (!validate(body)) throw new Error(`${method} ${found.template} ${status}: ${ajv.errorsText(validate.errors)}\n${JSON.stringify(body, null, 1).slice(0, 2_000)}`)
  }
}
