import { describe, expect, test } from "vitest"
import { shippedTemplates } from "../../../src/notifications/templates/shipped.ts"
import { exampleData, oneLine, readTemplate, type Template } from "../../../src/notifications/templates/template.ts"

const document = {
  title: { vi: "Phí", en: "Fee" }, hosts: ["thanhtoan.tinh.example", "*.dvc.example"],
  fields: {
    name: { type: "text", vi: "Tên", en: "Name", example: "Hoa" }, note: { type: "lines", optional: true, vi: "Ghi chú", en: "Note", example: "a" }, amount: { type: "money", vi: "Tiền", en: "Amount", example: 1 },
    day: { type: "date", vi: "Ngày", en: "Day", example: "2026-12-31" }, url: { type: "url", vi: "Trang", en: "Page", example: "https://thanhtoan.tinh.example/" },
  },
  vi: { subject: "Phí của {{name}}", text: "Kính gửi {{name}}: {{amount}}, {{day}}\n{{#note}}Ghi chú: {{note}}{{/note}}{{^note}}Không ghi chú{{/note}}\n{{url}}", html: '<p>{{name}} {{note}}</p><a href="{{url}}">{{url}}</a>' },
  en: { subject: "Fee of {{name}}", text: "Dear {{name}}: {{amount}}, {{day}} {{url}}" },
} as const

const made = (value: unknown): Template => {
  const template = readTemplate(value)
  if (!template.ok) throw new Error(JSON.stringify(template.failure))
  return template.value
}
const good = { name: "Hoa", amount: 1_250_000, day: "2026-11-05", url: "https://a.dvc.example/x?y=1" }
const filled = (data: Readonly<Record<string, unknown>>, language: "vi" | "en" | "vi+en" = "vi") => {
  const template = made(document)
  const checked = template.check(data)
  if (!checked.ok) throw new Error(JSON.stringify(checked.failure))
  return template.fill(checked.value, language)
}

test("values are shown as each language has them, parts only when their field is there", () => {
  expect(filled({ ...good, note: "hai\r\ndòng" })).toEqual({
    subject: "Phí của Hoa", text: "Kính gửi Hoa: 1.250.000 đồng, 05/11/2026\nGhi chú: hai\ndòng\nhttps://a.dvc.example/x?y=1",
    html: '<div lang="vi">\n<p>Hoa hai<br>dòng</p><a href="https://a.dvc.example/x?y&#61;1">https://a.dvc.example/x?y&#61;1</a>\n</div>',
  })
  expect(filled(good).text).toContain("Không ghi chú")
  expect(filled(good, "en")).toMatchObject({ subject: "Fee of Hoa", text: "Dear Hoa: VND 1,250,000, 5 November 2026 https://a.dvc.example/x?y=1", html: null })
  // HTML in one language only would hide the other
  expect(filled(good, "vi+en")).toMatchObject({ subject: "Phí của Hoa / Fee of Hoa", html: null })
})

describe("data stays data", () => {
  test.each([
    ["markup", { name: '<script>alert(1)</script><img src=x onerror="x">' }, /&lt;script&gt;.*&lt;\/script&gt;&lt;img src&#61;x onerror&#61;&quot;x&quot;&gt;/],
    ["another template", { name: "{{amount}} {{{url}}} {{#note}}" }, /&#123;&#123;amount&#125;&#125;/],
    ["entities", { name: "&lt;b&gt;" }, /&amp;lt;b&amp;gt;/],
    ["an attribute", { name: "\" onmouseover='x' `" }, /&quot; onmouseover&#61;&#39;x&#39; &#96;/],
  ])("%s in HTML is text", (_what, data, expected) => {
    const { html } = filled({ ...good, ...data })
    expect(html).toMatch(expected)
    expect(html?.match(/<(?!\/?(?:div|p|a|br)\b)/g)).toBeNull()
  })

  test.each([
    ["a line end in a subject's field", { name: "a\r\nBcc: x@y.example" }, "name"],
    ["a lone line feed", { name: "a\nb" }, "name"],
    ["a lone carriage return", { name: "a\rb" }, "name"],
    ["a Unicode line separator", { name: "a\u2028b" }, "name"],
    ["NUL", { name: "a\0b" }, "name"],
    ["a next line (C1)", { name: "a\u0085b" }, "name"],
    ["a turn of the reading direction", { name: "a\u202ecod.exe" }, "name"],
    ["an Arabic mark of direction", { name: "a\u061cb" }, "name"],
    ["what mail clients make a link of", { name: "xem www.lua-dao.example" }, "name"],
    ["a script's address", { name: "JavaScript:alert(1)" }, "name"],
    ["half a character", { name: "a\ud800" }, "name"],
    ["a link where none belongs", { name: "xem http://lua-dao.example" }, "name"],
    ["a NUL in lines", { note: "a\0" }, "note"],
    ["more than fits", { name: "x".repeat(201) }, "name"],
    ["no text", { name: {} }, "name"],
    ["a link elsewhere", { url: "https://lua-dao.example/" }, "url"],
    ["a host that only ends so", { url: "https://xdvc.example/" }, "url"],
    ["a host that only begins so", { url: "https://thanhtoan.tinh.example.lua-dao.example/" }, "url"],
    ["a name before the host", { url: "https://thanhtoan.tinh.example@lua-dao.example/" }, "url"],
    ["another port", { url: "https://thanhtoan.tinh.example:8443/" }, "url"],
    ["no TLS", { url: "http://thanhtoan.tinh.example/" }, "url"],
    ["a script", { url: "javascript:alert(1)" }, "url"],
    ["data as a link", { url: "data:text/html,x" }, "url"],
    ["a day that is none", { day: "2026-02-30" }, "day"],
    ["money that is text", { amount: "1" }, "amount"],
    ["money below nothing", { amount: -1 }, "amount"],
    ["money without end", { amount: Infinity }, "amount"],
    ["a field that is missing", { name: null }, "name"],
    ["a field that there is not", { constructor: "x" }, "constructor"],
    ["a prototype", JSON.parse('{"__proto__": {"name": "x"}}') as object, "__proto__"],
  ])("%s is refused, with its field", (_what, data, field) => {
    const checked = made(document).check(Object.assign(Object.create(null) as object, good, Object.fromEntries(Object.entries(data))) as Readonly<Record<string, unknown>>)
    const own = field === "__proto__" ? made(document).check(data as Readonly<Record<string, unknown>>) : checked
    expect(own.ok).toBe(false)
    if (!own.ok) expect(own.failure.map(({ pointer }) => pointer)).toContain(field)
  })

  test("all that is wrong is told", () => {
    const checked = made(document).check({ name: "a\nb", amount: "x" })
    expect(checked.ok ? [] : checked.failure.map(({ pointer }) => pointer)).toEqual(["name", "amount", "day", "url"])
  })

  test("no subject has a line end, whatever is written into it", () => {
    expect(oneLine(`a\r\nb\u2028c${"x".repeat(500)}`)).toMatch(/^a b cx{244,245}$/)
  })
})

describe("a template is checked whole when it is put", () => {
  const withHtml = (html: string) => ({ ...document, vi: { ...document.vi, html } })
  test.each([
    ["a field that there is not", { ...document, vi: { ...document.vi, text: "{{nobody}}" } }, "vi.text"],
    ["a section that is not closed", { ...document, vi: { ...document.vi, text: "{{#note}}" } }, "vi.text"],
    ["a section closed by another", { ...document, vi: { ...document.vi, text: "{{#note}}{{/name}}" } }, "vi.text"],
    ["triple braces", { ...document, vi: { ...document.vi, text: "{{{name}}}" } }, "vi.text"],
    ["a partial", { ...document, vi: { ...document.vi, text: "{{> x}}" } }, "vi.text"],
    ["a subject of two lines", { ...document, vi: { ...document.vi, subject: "a\nb" } }, "vi.subject"],
    ["lines in a subject", { ...document, vi: { ...document.vi, subject: "{{note}}" } }, "vi.subject"],
    ["a script", withHtml("<script>x</script>"), "vi.html"],
    ["an image", withHtml('<img src="https://a.example/">'), "vi.html"],
    ["a handler", withHtml('<p onclick="x">'), "vi.html"],
    ["a style with a field", withHtml('<p style="{{name}}">'), "vi.html"],
    ["a link with a text field", withHtml('<a href="{{name}}">'), "vi.html"],
    ["a link around a field", withHtml('<a href="https://x/{{url}}">'), "vi.html"],
    ["an attribute without quotes", withHtml("<a href={{url}}>"), "vi.html"],
    ["a script as a link", withHtml('<a href="javascript:x">'), "vi.html"],
    ["a comment", withHtml("<!-- {{name}} -->"), "vi.html"],
    ["an element that does not end", withHtml("<p"), "vi.html"],
    ["a field as an element", withHtml("<{{name}}>"), "vi.html"],
    ["a host that is none", { ...document, hosts: ["https://x"] }, "hosts.0"],
    ["an example that does not fit", { ...document, fields: { ...document.fields, amount: { ...document.fields.amount, example: "x" } } }, "fields.amount.example"],
    ["a key that there is not", { ...document, script: "x" }, ""],
    ["no object at all", 7, ""],
  ])("%s is told with its place", (_what, value, pointer) => {
    const template = readTemplate(value)
    expect(template.ok).toBe(false)
    if (!template.ok) expect(template.failure.map((problem) => problem.pointer)).toContain(pointer)
  })
})

test("the shipped ones are those of the one-stop centre, of reports and of alerts, in both languages, and fill with their examples", async () => {
  const shipped = await shippedTemplates()
  expect(shipped.map(({ name }) => name)).toEqual(["deadline-near", "documents-needed", "dossier-received", "fee-due", "reporting-deadline", "result-ready", "satisfaction-survey", "system-alert"])
  for (const { document } of shipped) {
    const template = made(document)
    const checked = template.check(exampleData(template.document))
    const wording = checked.ok ? template.fill(checked.value, "vi+en") : undefined
    expect(wording?.html).toMatch(/lang="vi"[^]*<hr>[^]*lang="en"/)
    expect(wording?.text).not.toMatch(/\{\{|\}\}/)
  }
})
