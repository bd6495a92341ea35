import { strToU8, zipSync } from "fflate"
import { expect, test } from "vitest"
import writeXlsx from "write-excel-file/node"
import { readSheet, type SheetAnswer } from "../../../../src/accounts/provision/bulk/sheet.ts"

const text = (content: string): Uint8Array => Buffer.from(content)
const value = (answer: SheetAnswer) => (answer.ok ? answer.value : answer.failure)

test.each([
  ["commas, a BOM, CRLF and quotes", '\ufeffHọ tên,Đơn vị\r\n"Nguyễn ""A"", B",SNV\r\n\r\nC,D\r\n'],
  ["semicolons, as Excel writes them here", 'Họ tên;Đơn vị\n"Nguyễn ""A"", B";SNV\n\nC;D\n'],
  ["tabs in UTF-16", Buffer.from('\ufeffHọ tên\tĐơn vị\r\n"Nguyễn ""A"", B"\tSNV\r\n\r\nC\tD\r\n', "utf16le")],
])("CSV with %s", async (_name, content) => {
  const sheet = value(await readSheet(typeof content === "string" ? text(content) : content))
  expect(sheet).toMatchObject({ header: ["Họ tên", "Đơn vị"], rows: [{ cells: ['Nguyễn "A", B', "SNV"] }, { cells: ["C", "D"] }] })
})

test("rows have as many cells as the header, a break inside a cell is a space", async () => {
  expect(value(await readSheet(text('A,B,C,,\n1\n1,2,3,4,5\n"x\r\ny",,\n')))).toEqual({ header: ["A", "B", "C"], rows: [{ line: 2, cells: ["1", "", ""] }, { line: 3, cells: ["1", "2", "3"] }, { line: 4, cells: ["x y", "", ""] }] })
})

test("XLSX: text, numbers, dates and empty rows", async () => {
  const head = ["Họ tên", "Điện thoại", "Từ ngày"].map((one) => ({ value: one, type: String }))
  const file = await writeXlsx([head, [{ value: "Đỗ Thị Ánh", type: String }, { value: 912345678, type: Number }, { value: new Date("2026-12-01T00:00:00Z"), type: Date, format: "dd/mm/yyyy" }], [null, null, null], [{ value: "Hai", type: String }, null, null]]).toBuffer()
  expect(value(await readSheet(file))).toEqual({ header: ["Họ tên", "Điện thoại", "Từ ngày"], rows: [{ line: 2, cells: ["Đỗ Thị Ánh", "912345678", "2026-12-01"] }, { line: 4, cells: ["Hai", "", ""] }] })
})

const parts = (sheet: string) => ({
  "[Content_Types].xml": strToU8('<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>'),
  "xl/workbook.xml": strToU8('<?xml version="1.0"?><workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="a" sheetId="1" r:id="rId1"/></sheets></workbook>'),
  "xl/_rels/workbook.xml.rels": strToU8('<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/></Relationships>'),
  "xl/worksheets/sheet1.xml": strToU8(`<?xml version="1.0"?>${sheet}`),
})
const worksheet = (rows: string): string => `<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>${rows}</sheetData></worksheet>`

test("a formula is what it came to when the file was saved; it is never computed", async () => {
  const file = zipSync(parts(worksheet('<row r="1"><c r="A1" t="str"><v>Tên</v></c></row><row r="2"><c r="A2" t="str"><f>CONCAT("a";"b")</f><v>ab</v></c></row><row r="3"><c r="A3" t="str"><v>=1+1</v></c></row>')))
  expect(value(await readSheet(file))).toMatchObject({ header: ["Tên"], rows: [{ cells: ["ab"] }, { cells: ["=1+1"] }] })
})

test("what is no table, too large, or made to hurt is refused with a word", async () => {
  const rows = (many: number): string => `A\n${"x\n".repeat(many)}`
  expect(value(await readSheet(text("")))).toBe("empty")
  expect(value(await readSheet(text("A,B\n")))).toBe("empty")
  expect(value(await readSheet(Uint8Array.of(0xff, 0xfe, 0x00)))).toBe("notAFile")
  expect(value(await readSheet(Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0)))).toBe("notAFile")
  expect(value(await readSheet(text('A\n"never closed\n')))).toBe("notAFile")
  expect(value(await readSheet(text(rows(20_001))))).toBe("tooManyRows")
  expect(value(await readSheet(text(`${"a,".repeat(60)}b\n1\n`)))).toBe("tooManyColumns")
  expect(value(await readSheet(new Uint8Array(10 * 2 ** 20 + 1)))).toBe("tooBig")
  expect(value(await readSheet(zipSync({ "hello.txt": strToU8("x") })))).toBe("notAFile")
  expect(value(await readSheet(Buffer.concat([Uint8Array.of(0x50, 0x4b, 3, 4), Buffer.alloc(100)])))).toBe("notAFile")
  // 80 MiB of spaces in 80 KiB
  expect(value(await readSheet(zipSync(parts(worksheet(" ".repeat(80 * 2 ** 20))), { level: 9 })))).toBe("expandsTooMuch")
})

test("an archive that lies about what it unpacks to fills no more than it said", async () => {
  const file = Buffer.from(zipSync(parts(worksheet(" ".repeat(2 ** 20))), { level: 9 }))
  // the size of the sheet in the central directory (APPNOTE.TXT §4.3.12): 1 MiB becomes 100
  const name = file.lastIndexOf("xl/worksheets/sheet1.xml")
  file.writeUInt32LE(100, name - 46 + 24)
  expect(value(await readSheet(file))).toBe("notAFile")
})

test("entities of a document type are not expanded", async () => {
  const bomb = `<!DOCTYPE x [<!ENTITY a "${"ha".repeat(1_000)}"><!ENTITY b "${"&a;".repeat(1_000)}"><!ENTITY c "${"&b;".repeat(1_000)}">]>${worksheet('<row r="1"><c r="A1" t="str"><v>Tên</v></c></row><row r="2"><c r="A2" t="str"><v>&c;</v></c></row>')}`
  const sheet = value(await readSheet(zipSync(parts(bomb))))
  expect(JSON.stringify(sheet).length).toBeLessThan(10_000)
})

test("of many files at once some are read, one after another, the others told to come again", async () => {
  const answers = await Promise.all(Array.from({ length: 9 }, (_, at) => readSheet(text(`A\n${at}\n`))))
  expect(answers.map((answer) => (answer.ok ? "read" : answer.failure))).toEqual([...Array.from({ length: 6 }, () => "read"), "busy", "busy", "busy"])
  expect((await readSheet(text("A\n1\n"))).ok).toBe(true)
})

test("as many rows as a file may have come in their order", async () => {
  const sheet = value(await readSheet(text(`A,B\n${Array.from({ length: 20_000 }, (_, at) => `${at},x`).join("\n")}\n`)))
  expect(typeof sheet === "string" ? sheet : sheet.rows.map(({ line, cells: [first] }) => line - Number(first))).toEqual(Array.from({ length: 20_000 }, () => 2))
})
