import type { Request } from "express"

/** The two languages of every text: Vietnamese is what a person gets who chose nothing and whose browser does not plainly prefer another. */
export const languages = ["vi", "en"] as const
export type Language = (typeof languages)[number]

/** Each in itself. */
export const languageNames: Readonly<Record<Language, string>> = { vi: "Tiếng Việt", en: "English" }

/** One text in both. `{name}` stands for a value that is put in. */
export type Words = Readonly<Record<Language, string>>
/** All texts of an area, by key. tests/console/text.test.ts proves each complete. */
export type Catalogue = Readonly<Record<string, Words>>

export type Say = (words: Words, values?: Readonly<Record<string, string | number>>) => string

export const speaker =
  (language: Language): Say =>
  (words, values = {}) =>
    words[language].replace(/\{(\w+)\}/g, (whole, name: string) => {
      const value = values[name]
      return value === undefined ? whole : typeof value === "number" ? numberText(value, language) : value
    })

export const isLanguage = (text: unknown): text is Language => languages.some((language) => language === text)

/** What was chosen; else Vietnamese, unless the browser speaks of English and never of Vietnamese (RFC 9110 §12.5.4). */
export function languageOf(chosen: string | undefined, request: Pick<Request, "headers">): Language {
  if (isLanguage(chosen)) return chosen
  const accepted = (request.headers["accept-language"] ?? "").slice(0, 500).toLowerCase()
  return !/(?:^|[\s,])vi\b/.test(accepted) && /(?:^|[\s,])en\b/.test(accepted) ? "en" : "vi"
}

const locales: Readonly<Record<Language, string>> = { vi: "vi-VN", en: "en-GB" }
const timeZone = "Asia/Ho_Chi_Minh"

const formats = Object.fromEntries(
  languages.map((language) => [
    language,
    {
      number: new Intl.NumberFormat(locales[language], { maximumFractionDigits: 1 }),
      percent: new Intl.NumberFormat(locales[language], { style: "percent", maximumFractionDigits: 1 }),
      time: new Intl.DateTimeFormat(locales[language], { timeZone, day: "2-digit", month: "2-digit", year: "numeric", hour: "2-digit", minute: "2-digit", hourCycle: "h23" }),
      date: new Intl.DateTimeFormat(locales[language], { timeZone, day: "2-digit", month: "2-digit", year: "numeric" }),
    },
  ]),
) as Readonly<Record<Language, { readonly number: Intl.NumberFormat; readonly percent: Intl.NumberFormat; readonly time: Intl.DateTimeFormat; readonly date: Intl.DateTimeFormat }>>

export const numberText = (value: number, language: Language): string => formats[language].number.format(value)
/** Of a share from 0 to 1. */
export const percentText = (share: number, language: Language): string => formats[language].percent.format(share)
/** The province's civil time. */
export const timeText = (ms: number, language: Language): string => formats[language].time.format(ms)
export const dateText = (ms: number, language: Language): string => formats[language].date.format(ms)

const spanUnits = [["day", 86_400_000], ["hour", 3_600_000], ["minute", 60_000], ["second", 1000]] as const

/** Making one takes 30 µs and more: a list has hundreds of spans. */
const spans = Object.fromEntries(
  languages.map((language) => [language, Object.fromEntries(spanUnits.map(([unit]) => [unit, new Intl.NumberFormat(locales[language], { style: "unit", unit, unitDisplay: "long", maximumFractionDigits: 0 })]))]),
) as Readonly<Record<Language, Readonly<Record<(typeof spanUnits)[number][0], Intl.NumberFormat>>>>

const byteUnits = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"] as const

export function bytesText(bytes: number, language: Language): string {
  const step = Math.min(Math.max(Math.floor(Math.log2(Math.max(bytes, 1)) / 10), 0), byteUnits.length - 1)
  return `${numberText(bytes / 1024 ** step, language)} ${byteUnits[step] ?? "B"}`
}

/** How long, in its largest unit: "3 giờ", "3 hours". */
export function spanText(ms: number, language: Language): string {
  const [unit, size] = spanUnits.find(([, size]) => ms >= size) ?? ["second", 1000]
  return spans[language][unit].format(Math.floor(ms / size))
}
