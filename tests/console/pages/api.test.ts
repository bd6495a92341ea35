import { afterAll, beforeAll, expect, test } from "vitest"
import { typeText } from "../../../src/console/pages/api/schema-view.ts"
import { allRoutes } from "../../support/all-routes.ts"
import { type ConsoleWorld, openConsoleWorld } from "../../support/console-world.ts"

const inline = /<style|style="|<script(?![^>]*\bsrc=)|\bon\w+="/
let world: ConsoleWorld
beforeAll(async () => void (world = await openConsoleWorld()))
afterAll(() => world.close())

test("the API is documented for whoever has no account here, in both languages, without a script or a style in the page", async () => {
  const [vi, en] = await Promise.all(["vi", "en"].map((language) => world.ask("/console/api", { headers: { "accept-language": language } })))
  expect(vi).toMatchObject({ status: 200, headers: { "content-security-policy": expect.stringContaining("style-src 'self'") as string } })
  expect(vi?.body).toContain("Tài liệu API")
  expect(en?.body).toContain("API documentation")
  for (const page of [vi, en]) expect(page?.body).not.toMatch(inline)
})

test("each operation has a page of its own, which the list leads to", async () => {
  const lines = (await world.ask("/console/api")).body.split("<li>")
  for (const { method, path, scope } of allRoutes()) {
    const shown = path.replace(/:(\w+)/g, "{$1}")
    const line = lines.find((one) => one.includes(`<strong>${method.toUpperCase()}</strong> <code>${shown}</code></a>`)) ?? ""
    const [, href = ""] = /^<a href="(\/console\/api\/[^"]+)">/.exec(line) ?? []
    const { status, body } = await world.ask(href)
    expect([status, body.includes(`<h1>${method.toUpperCase()} ${shown}</h1>`), body.includes(`<code>${scope}</code>`), inline.test(body)], `${method} ${path}`).toEqual([200, true, true, false])
  }
  expect((await world.ask("/console/api/constructor")).status).toBe(404)
})

test.each([
  [{ type: "integer", minimum: 1, maximum: 500, default: 100 }, "integer 1–500 = 100"],
  [{ type: "integer", minimum: -9007199254740991, maximum: 9007199254740991 }, "integer"],
  [{ enum: ["vi", "en"] }, '"vi" | "en"'],
  [{ type: "array", items: { type: "string", format: "date-time" } }, "list of string (date-time)"],
  [{ anyOf: [{ type: "string", maxLength: 9 }, { type: "null" }] }, "string –9 | null"],
  [{}, "any"],
])("%j is shown as %s", (schema, text) => expect(typeText(schema)).toBe(text))
