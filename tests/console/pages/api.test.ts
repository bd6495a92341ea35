import { afterAll, beforeAll, expect, test } from "vitest"
import { typeText } from "../../../src/console/pages/api/schema-view.ts"
import { allRoutes } from "../../support/all-routes.ts"
import { type ConsoleWorld, openConsoleWorld } from "../../support/console-world.ts"

let world: ConsoleWorld
beforeAll(async () => void (world = await openConsoleWorld()))
afterAll(() => world.close())

test("the API is documented for whoever has no account here, in both languages, without a script or a style in the page", async () => {
  const [vi, en] = await Promise.all(["vi", "en"].map((language) => world.ask("/console/api", { headers: { "accept-language": language } })))
  expect(vi).toMatchObject({ status: 200, headers: { "content-security-policy": expect.stringContaining("style-src 'self'") as string } })
  expect(vi?.body).toContain("Tài liệu API")
  expect(en?.body).toContain("API documentation")
  for (const body of [vi?.body ?? "", en?.body ?? ""]) {
    expect(body).not.toMatch(/<style|style="|<script(?![^>]*\bsrc=)|\bon\w+="/)
    for (const { method, path, scope } of allRoutes()) expect(body).toMatch(new RegExp(`<strong class="method ${method}">${method.toUpperCase()}</strong> <code>${path.replace(/:(\w+)/g, "\\{$1\\}")}</code>[^]*?<code>${scope}</code>`))
  }
})

test.each([
  [{ type: "integer", minimum: 1, maximum: 500, default: 100 }, "integer 1–500 = 100"],
  [{ type: "integer", minimum: -9007199254740991, maximum: 9007199254740991 }, "integer"],
  [{ enum: ["vi", "en"] }, '"vi" | "en"'],
  [{ type: "array", items: { type: "string", format: "date-time" } }, "list of string (date-time)"],
  [{ anyOf: [{ type: "string", maxLength: 9 }, { type: "null" }] }, "string –9 | null"],
  [{}, "any"],
])("%j is shown as %s", (schema, text) => expect(typeText(schema)).toBe(text))
