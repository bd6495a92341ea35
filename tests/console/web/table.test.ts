import { expect, test } from "vitest"
import { fragmentText, html } from "../../../src/console/web/html.ts"
import type { Visit } from "../../../src/console/web/page.ts"
import { pager, table, withQuery } from "../../../src/console/web/table.ts"
import { bytesText, languageOf, numberText, spanText, speaker, timeText } from "../../../src/console/web/words.ts"

const visit = (url: string): Visit => ({ language: "en", say: speaker("en"), url, clientAddress: "", userAgent: "", csrf: "", partial: false, holder: undefined })

test.each([
  ["/a", { sort: "x" }, "/a?sort=x"],
  ["/a?sort=x&q=h%C3%B2a", { sort: "-x" }, "/a?sort=-x&q=h%C3%B2a"],
  ["/a?sort=x", { sort: undefined }, "/a"],
  ["/a?q=1?2", { p: "&" }, "/a?q=1%3F2&p=%26"],
])("%s with %j is %s", (url, changes, expected) => expect(withQuery(url, changes)).toBe(expected))

test("a column that sorts says how it is sorted, turns at the next press, and goes back to the first page", () => {
  const shown = (url: string, sort: string) => fragmentText(html`${table(visit(url), { caption: "c", empty: "none", sort, rows: [{ name: "<b>" }], columns: [{ key: "name", title: "Name", sortable: true, cell: ({ name }) => name }] })}`)
  expect(shown("/a?after=9", "")).toContain('href="/a?sort=name"')
  expect(shown("/a?sort=name", "name")).toMatch(/aria-sort="ascending".*href="\/a\?sort=-name"/s)
  expect(shown("/a?sort=-name", "-name")).toMatch(/aria-sort="descending".*href="\/a\?sort=name"/s)
  expect(shown("/a", "")).toContain('data-label="Name">&lt;b></td>')
})

test("an empty list says so, and pages turn where there are any", () => {
  expect(fragmentText(html`${table(visit("/a"), { caption: "c", empty: "Nobody yet.", rows: [], columns: [] })}`)).toBe('<p class="empty">Nobody yet.</p>')
  expect(fragmentText(html`${pager(visit("/a?q=1"), { previous: null, next: { after: "5" } })}`)).toContain('<a rel="next" href="/a?q=1&amp;after=5">')
  expect(fragmentText(html`${pager(visit("/a"), { previous: null, next: null })}`)).toBe("")
})

test("values in both languages: the province's time, units that fit", () => {
  // 20:30 UTC is the next day here
  const at = Date.parse("2026-06-30T20:30:00Z")
  expect([timeText(at, "vi"), timeText(at, "en")].map((text) => [text.includes("01/07/2026"), text.includes("03:30")])).toEqual([[true, true], [true, true]])
  expect([numberText(1_234_567.89, "vi"), numberText(1_234_567.89, "en")]).toEqual(["1.234.567,9", "1,234,567.9"])
  expect([0, 1023, 1024, 5 * 1024 ** 3, 1e18].map((bytes) => bytesText(bytes, "en"))).toEqual(["0 B", "1,023 B", "1 KiB", "5 GiB", "888.2 PiB"])
  expect([spanText(500, "en"), spanText(61_000, "en"), spanText(7_200_000, "vi"), spanText(3 * 86_400_000, "en")]).toEqual(["0 seconds", "1 minute", "2 giờ", "3 days"])
  expect(speaker("en")({ vi: "", en: "{a} of {b}, {c}" }, { a: 1500, b: "x" })).toBe("1,500 of x, {c}")
})

test("a header that is all commas decides nothing, and takes no time", () => {
  expect(languageOf(undefined, { headers: { "accept-language": ",".repeat(100_000) } })).toBe("vi")
})
