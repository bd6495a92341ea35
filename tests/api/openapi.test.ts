import { Validator } from "@seriousme/openapi-schema-validator"
import { describe, expect, test } from "vitest"
import { z } from "zod"
import { limit, time } from "../../src/api/fields.ts"
import { openApiDocument } from "../../src/api/openapi/document.ts"
import { answered, type Route, route } from "../../src/api/route.ts"
import { problemText } from "../../src/api/text/problem.ts"
import { allRoutes } from "../support/all-routes.ts"

const document = openApiDocument(allRoutes(), { title: "Công Thư" })

test("the description of all routes is OpenAPI 3.1, by a validator that is not ours", async () => {
  const validator = new Validator()
  const { valid, errors } = await validator.validate({ ...structuredClone(document) })
  expect({ valid, errors }).toEqual({ valid: true, errors: undefined })
  expect(validator.version).toBe("3.1")
})

test("each route is in it once, with its scope, and each operation has a name of its own", () => {
  const operations = Object.entries(document.paths).flatMap(([path, methods]) => Object.entries(methods).map(([method, operation]) => ({ path, method, operation })))
  expect(operations.map(({ path, method, operation }) => [method, path.replace(/\{(\w+)\}/g, ":$1"), operation.security]).toSorted()).toEqual(allRoutes().map(({ method, path, scope }) => [method, path, [{ token: [scope] }]]).toSorted())
  expect(new Set(operations.map(({ operation }) => operation.operationId)).size).toBe(operations.length)
})

test("no answer is described as anything at all", () => {
  for (const { method, path, output } of allRoutes()) expect([method, path, output instanceof z.ZodUnknown || output instanceof z.ZodAny]).toEqual([method, path, false])
})

describe("what is taken is told", () => {
  const one = (definition: Partial<Route> & { readonly input: z.ZodType }) => {
    const made = openApiDocument([route({ method: "get", path: "/a/:id", scope: "queue:read", summary: "A.", output: z.strictObject({}), run: async () => answered({}), ...definition })], { title: "x" }).paths["/a/{id}"]
    return made?.[definition.method ?? "get"]
  }
  const input = z.strictObject({ id: z.string(), limit: limit(5, 3), since: time.optional() })
  test("in the path and the query of a GET", () => {
    expect(one({ input })?.parameters).toEqual([
      { name: "id", in: "path", required: true, schema: { type: "string" } },
      { name: "limit", in: "query", required: false, schema: { type: "integer", minimum: 1, maximum: 5, default: 3 } },
      { name: "since", in: "query", required: false, schema: { type: "string", format: "date-time" } },
    ])
    expect(one({ input })?.requestBody).toBeUndefined()
  })
  test("in the body of a POST", () => {
    const made = one({ method: "post", input: input.extend({ why: z.string().min(1) }) })
    expect(made?.parameters.map(({ name }) => name)).toEqual(["id"])
    expect(made?.requestBody).toMatchObject({ required: true, content: { "application/json": { schema: { required: ["why"], additionalProperties: false, properties: { why: { type: "string", minLength: 1 } } } } } })
  })
  test("a change that demands If-Match says so, with what is answered otherwise", () => {
    const made = one({ method: "patch", input, tagged: "demanded" })
    expect(made?.parameters.at(-1)).toMatchObject({ name: "If-Match", in: "header", required: true })
    expect(Object.keys(made?.responses ?? {})).toEqual(expect.arrayContaining(["200", "412", "428"]))
    expect(Object.keys(one({ input })?.responses ?? {})).not.toContain("412")
  })
})

test("each problem that the server knows has its response", () => {
  const described = Object.keys(document.components.responses).map((name) => Number(name.slice("Problem".length)))
  expect(new Set(described)).toEqual(new Set(Object.values(problemText).map(({ status }) => status)))
})
