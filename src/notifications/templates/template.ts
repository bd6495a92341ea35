import { z } from "zod"
import { failed, ok, type Result } from "../../base/result.ts"
import { fieldTypes, type FieldRule, type Language, showField, type ShownValue } from "./fields.ts"
import { htmlProblem } from "./html-rules.ts"
import { escapeHtml, fieldsIn, parseTemplate, type Piece, plainText, renderTemplate } from "./syntax.ts"

/**
 * A template of notifications: its fields, and what is written in Vietnamese and in English. A document is checked whole when it is put, so that what is
 * in the store can be filled; filling it can fail only for the data. Pure. Must not know: where templates are kept.
 */
export const templateName = z.string().regex(/^[a-z][a-z0-9-]{1,59}$/, "is no name of small letters, digits and hyphens")

const host = z.string().regex(/^(?:\*\.)?(?:[a-z0-9-]+\.)+[a-z0-9-]+$/, 'is no host such as "dichvucong.tinh.example" or "*.tinh.example"')
const wording = z.strictObject({ subject: z.string().min(1).max(200).regex(/^[^\r\n]+$/, "has a line end in it"), text: z.string().min(1).max(20_000), html: z.string().min(1).max(50_000).optional() })

const documentSchema = z.strictObject({
  title: z.strictObject({ vi: z.string().min(1).max(200), en: z.string().min(1).max(200) }),
  /** Where links may lead. */
  hosts: z.array(host).max(50).default([]),
  fields: z.record(
    z.string().regex(/^[A-Za-z][A-Za-z0-9]{0,39}$/, "is no name of letters and digits"),
    z.strictObject({ type: z.enum(fieldTypes), optional: z.boolean().default(false), max: z.number().int().min(1).max(10_000).optional(), vi: z.string().min(1).max(200), en: z.string().min(1).max(200), example: z.union([z.string(), z.number()]) }),
  ).refine((fields) => Object.keys(fields).length <= 50, "has more than 50 fields"),
  vi: wording,
  en: wording,
})

export type TemplateDocument = z.output<typeof documentSchema>

export interface TemplateProblem {
  readonly pointer: string
  readonly detail: string
}

/** What a notification says in the end. */
export interface Wording {
  readonly subject: string
  readonly text: string
  readonly html: string | null
}

export interface Template {
  readonly document: TemplateDocument
  /** All that is wrong with the data, or the data as it will be shown. */
  check(data: Readonly<Record<string, unknown>>): Result<TemplateData, readonly TemplateProblem[]>
  fill(data: TemplateData, language: NotificationLanguage): Wording
}

export type TemplateData = ReadonlyMap<string, ShownValue>

export const notificationLanguages = ["vi", "en", "vi+en"] as const
export type NotificationLanguage = (typeof notificationLanguages)[number]

export function readTemplate(value: unknown): Result<Template, readonly TemplateProblem[]> {
  const parsed = documentSchema.safeParse(value)
  if (!parsed.success) return failed(parsed.error.issues.map(({ path, message }) => ({ pointer: path.join("."), detail: message })))
  const document = parsed.data
  const problems = languages.flatMap((language) => wordingProblems(document, language))
  if (problems.length > 0) return failed(problems)
  const compiled = { vi: compile(document.vi), en: compile(document.en) }
  const template: Template = {
    document,
    check: (data) => checkData(document, data),
    fill: (data, language) => (language === "vi+en" ? both(fillOne(compiled.vi, data, "vi"), fillOne(compiled.en, data, "en")) : fillOne(compiled[language], data, language)),
  }
  const examples = template.check(exampleData(document))
  return examples.ok ? ok(template) : failed(examples.failure.map(({ pointer, detail }) => ({ pointer: `fields.${pointer}.example`, detail })))
}

/** The examples of its fields. */
export const exampleData = ({ fields }: TemplateDocument): Readonly<Record<string, unknown>> => Object.fromEntries(Object.entries(fields).map(([name, { example }]) => [name, example]))

const languages = ["vi", "en"] as const satisfies readonly Language[]
const maxSubjectCharacters = 250

interface Compiled {
  readonly subject: readonly Piece[]
  readonly text: readonly Piece[]
  readonly html: readonly Piece[] | null
}

/** Only of what was checked. */
function compile({ subject, text, html }: TemplateDocument[Language]): Compiled {
  const pieces = (source: string): readonly Piece[] => {
    const parsed = parseTemplate(source)
    return parsed.ok ? parsed.value : []
  }
  return { subject: pieces(subject), text: pieces(text), html: html === undefined ? null : pieces(html) }
}

function wordingProblems(document: TemplateDocument, language: Language): readonly TemplateProblem[] {
  const { fields, [language]: words } = document
  const problems: TemplateProblem[] = []
  for (const part of ["subject", "text", "html"] as const) {
    const source = words[part]
    if (source === undefined) continue
    const pointer = `${language}.${part}`
    const parsed = parseTemplate(source)
    if (!parsed.ok) problems.push({ pointer, detail: parsed.failure })
    else {
      for (const name of new Set(fieldsIn(parsed.value))) {
        if (!Object.hasOwn(fields, name)) problems.push({ pointer, detail: `{{${name}}} is no field of this template` })
        else if (part === "subject" && (fields[name]?.type === "lines" || fields[name]?.type === "url")) problems.push({ pointer, detail: `{{${name}}} is of the type ${fields[name]?.type}, which does not go into a subject` })
      }
    }
    const problem = part === "html" ? htmlProblem(source, (name) => fields[name]?.type === "url") : undefined
    if (problem !== undefined) problems.push({ pointer, detail: problem })
  }
  return problems
}

function checkData({ fields, hosts }: TemplateDocument, data: Readonly<Record<string, unknown>>): Result<TemplateData, readonly TemplateProblem[]> {
  const shown = new Map<string, ShownValue>()
  const problems: TemplateProblem[] = []
  for (const [name, { optional, ...rule }] of Object.entries(fields)) {
    const value = Object.hasOwn(data, name) ? data[name] : undefined
    if (value === undefined || value === null) {
      if (!optional) problems.push({ pointer: name, detail: "is missing" })
      continue
    }
    const checked = showField(rule satisfies FieldRule, value, hosts)
    if (checked.ok) shown.set(name, checked.value)
    else problems.push({ pointer: name, detail: checked.failure })
  }
  for (const name of Object.keys(data)) if (!Object.hasOwn(fields, name)) problems.push({ pointer: name, detail: "is no field of this template" })
  return problems.length > 0 ? failed(problems) : ok(shown)
}

function fillOne({ subject, text, html }: Compiled, data: TemplateData, language: Language): Wording {
  const value = (name: string): string | undefined => data.get(name)?.[language]
  return {
    subject: oneLine(renderTemplate(subject, value, plainText)),
    text: renderTemplate(text, value, plainText).trim(),
    html: html && `<div lang="${language}">\n${renderTemplate(html, value, escapeHtml).trim()}\n</div>`,
  }
}

/** Vietnamese first. A language without HTML would be missing for those who see the other's. */
const both = (vi: Wording, en: Wording): Wording => ({
  subject: oneLine(`${vi.subject} / ${en.subject}`),
  text: `${vi.text}\n\n--------\n\n${en.text}`,
  html: vi.html !== null && en.html !== null ? `${vi.html}\n<hr>\n${en.html}` : null,
})

/** RFC 5322 §2.2: no field's value may end its line. Data was checked for it; this is for whatever else may come. */
// oxlint-disable-next-line no-control-regex -- exactly what a header must not have
export const oneLine = (text: string): string => text.replace(/[\x00-\x1f\x7f-\x9f\u2028\u2029]+/g, " ").trim().slice(0, maxSubjectCharacters)
