import { readdirSync, readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { expect, test } from "vitest"
import { isLanguage, type Words } from "../../../src/console/web/words.ts"

const folder = new URL("../../../src/console/text/", import.meta.url)
/** Written before there were two languages: public pages that show both at once. */
const older = ["vi.ts"]
const files = readdirSync(folder).filter((name) => !older.includes(name))

const vietnamese = /[ăâđêôơưàảãáạằẳẵắặầẩẫấậèẻẽéẹềểễếệìỉĩíịòỏõóọồổỗốộờởỡớợùủũúụừửữứựỳỷỹýỵ]/i
const placeholders = (text: string): readonly string[] => [...text.matchAll(/\{\w+\}/g)].map(([name]) => name).toSorted()

const isWords = (value: unknown): value is Words => typeof value === "object" && value !== null && Object.keys(value).length === 2 && Object.entries(value).every(([language, text]) => isLanguage(language) && typeof text === "string")

test.each(files)("%s has every text in both languages, with the same values put in", async (file) => {
  const catalogues = Object.entries((await import(new URL(file, folder).href)) as Record<string, unknown>)
  const wrong: string[] = []
  for (const [name, catalogue] of catalogues) {
    for (const [key, words] of Object.entries(catalogue as Record<string, unknown>)) {
      const problem = !isWords(words) ? "has not exactly vi and en"
        : words.vi.trim() === "" || words.en.trim() === "" ? "is empty"
        : vietnamese.test(words.en) ? "has Vietnamese letters in its English"
        : placeholders(words.vi).join() !== placeholders(words.en).join() ? "has other values in one language than in the other"
        : undefined
      if (problem !== undefined) wrong.push(`${name}.${key} ${problem}`)
    }
  }
  expect(catalogues.length).toBeGreaterThan(0)
  expect(wrong).toEqual([])
})

test("people's words stand in the catalogues only, and nothing goes round the escaping", () => {
  const wrong: string[] = []
  for (const part of ["web", "pages"]) {
    const root = fileURLToPath(new URL(`../../../src/console/${part}/`, import.meta.url))
    for (const entry of readdirSync(root, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue
      const path = `${entry.parentPath}/${entry.name}`
      const text = readFileSync(path, "utf8")
      // the language's own name, and the locale's code
      if (vietnamese.test(text.replace(/"Tiếng Việt"|"3 giờ"/g, "").replace(/\/\*[\s\S]*?\*\//g, ""))) wrong.push(`${entry.name}: Vietnamese outside src/console/text`)
      if (/dangerouslySetInnerHTML|\bstyle=|\bon[a-z]+=\$?["{]/.test(text)) wrong.push(`${entry.name}: raw markup, or a style or script inside the page`)
    }
  }
  expect(wrong).toEqual([])
})
