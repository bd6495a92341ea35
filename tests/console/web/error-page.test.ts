import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { expect, test } from "vitest"
import { lostFormPage } from "../../../src/console/web/error-page.ts"
import { fragmentText, html } from "../../../src/console/web/html.ts"
import type { Visit } from "../../../src/console/web/page.ts"
import { speaker } from "../../../src/console/web/words.ts"

const shown = (language: "vi" | "en", fields: Readonly<Record<string, unknown>>): string =>
  fragmentText(html`${lostFormPage({ say: speaker(language), language } as Visit, "expired", { fields, from: "/console/me" }).body}`)

test("a form that was not taken gives back what was typed, under names that people know", () => {
  expect(shown("vi", { unitCode: "SNV.VP", version: "3" })).toMatch(/<dt>Mã đơn vị<\/dt><dd><textarea[^>]*aria-label="Mã đơn vị"[^>]*>SNV\.VP<\/textarea><\/dd><dt>version<\/dt>/)
  expect(shown("en", { unitCode: "SNV.VP" })).toContain("<dt>Unit code</dt>")
})

test("but nothing of a field that hides what is typed", () => {
  const root = fileURLToPath(new URL("../../../src/console/", import.meta.url))
  const source = readdirSync(root, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".ts")).map((name) => readFileSync(join(root, name), "utf8")).join("\n")
  const names = [...source.matchAll(/name: "(\w+)",[^\n]*type: "password"/g)].map(([, name = ""]) => name)
  expect(names).toEqual(expect.arrayContaining(["current", "wanted", "again", "password"]))
  expect(shown("vi", Object.fromEntries([...names, "_password", "_code"].map((name) => [name, "bi-mat"])))).not.toContain("bi-mat")
})
