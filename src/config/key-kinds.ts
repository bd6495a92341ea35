import { isIP } from "node:net"
import { parse as parseYaml } from "yaml"
import { z } from "zod"
import { parseBytes, parseDurationMs } from "../base/units.ts"
import { partnerList } from "./partners.ts"
import { rateList } from "./destination-rates.ts"
import { signingKeyList } from "./signing-keys.ts"

/** The kinds of keys that the configuration has: how each is written in YAML and in the environment, and what is said when it is wrong. */
export type KeyType = "duration" | "size" | "port" | "number" | "text" | "boolean" | "list" | "file" | "word" | "anchors" | "keys" | "pairs" | "partners" | "rates"

/** What the reference and the environment need to know of a key beside its value. */
export interface KeyNote {
  readonly sentence: string
  readonly type: KeyType
  /** May hold a password: never printed. */
  readonly secret?: boolean
  /** Words that are understood. */
  readonly choices?: readonly string[]
}

export const keyNotes = z.registry<KeyNote>()

const noted = <S extends z.ZodType>(schema: S, note: KeyNote): S => {
  keyNotes.add(schema, note)
  return schema
}

export const duration = (fallback: string, sentence: string) =>
  noted(
    z.string().default(fallback).transform((text, context) => {
      const ms = parseDurationMs(text)
      if (ms === undefined) context.addIssue({ code: "custom", message: `"${text}" is not a duration such as "30s", "5m", "2h" or "1d"` })
      return ms ?? 0
    }),
    { sentence, type: "duration" },
  )

export const size = (fallback: string, sentence: string) =>
  noted(
    z.string().default(fallback).transform((text, context) => {
      const bytes = parseBytes(text)
      if (bytes === undefined) context.addIssue({ code: "custom", message: `"${text}" is not a size such as "512KiB" or "25MiB"` })
      return bytes ?? 0
    }),
    { sentence, type: "size" },
  )

/** The environment has only text; anything but decimal digits is refused rather than bent into a number. */
const whole = (max: number) =>
  z
    .union([z.number(), z.string().regex(/^\d{1,15}$/).transform(Number)], { error: "is not a whole number" })
    .pipe(z.number().int("is not a whole number").min(0, "is below 0").max(max, `is above ${max}`))

export const port = (fallback: number, sentence: string) => noted(whole(65_535).default(fallback), { sentence, type: "port" })
export const count = (fallback: number, sentence: string) => noted(whole(1_000_000_000).default(fallback), { sentence, type: "number" })
export const text = (fallback: string, sentence: string, note: { readonly type?: KeyType; readonly secret?: boolean } = {}) =>
  noted(z.string("is not a text").default(fallback), { sentence, type: "text", ...note })
export const file = (sentence: string) => text("", sentence, { type: "file" })
export const flag = (fallback: boolean, sentence: string) =>
  noted(z.union([z.boolean(), z.enum(["true", "false"]).transform((word) => word === "true")], { error: 'is neither "true" nor "false"' }).default(fallback), { sentence, type: "boolean" })
/** A list in the environment. */
const splitList = (line: string): string[] => line.split(",").map((item) => item.trim()).filter(Boolean)
export const list = (sentence: string, fallback: readonly string[] = []) =>
  noted(
    z.union([z.array(z.string()), z.string().transform(splitList)], { error: "is not a list of texts" }).default([...fallback]),
    { sentence, type: "list" },
  )
/** Domains, as `destinationPattern` understands them (mail/destination-pattern.ts, which may not be imported here). */
export const destinations = (sentence: string) =>
  noted(
    z.union([z.array(z.string()), z.string().transform(splitList)], { error: "is not a list of domains" }).default([]).transform((items) => items.map((item) => item.toLowerCase())).check((context) => {
      for (const item of context.value) if (!/^(\*\.)?[a-z0-9_-]+(\.[a-z0-9_-]+)+$/.test(item)) context.issues.push({ code: "custom", message: `"${item}" is no domain such as "xa.example" or "*.xa.example" (A-labels)`, input: item })
    }),
    { sentence, type: "list" },
  )
/** A list of durations keeps its text: whoever schedules by it parses it once. */
export const durations = (fallback: readonly [string, ...string[]], sentence: string) =>
  noted(
    z
      .union([z.array(z.string()), z.string().transform(splitList)], { error: "is not a list of durations" })
      .default([...fallback])
      .check((context) => {
        if (context.value.length === 0) context.issues.push({ code: "custom", message: "has no duration in it", input: context.value })
        for (const item of context.value) {
          if (parseDurationMs(item) === undefined) context.issues.push({ code: "custom", message: `"${item}" is not a duration such as "5m"`, input: item })
        }
      }),
    { sentence, type: "list" },
  )
export const words = <W extends string>(choices: readonly [W, ...W[]], sentence: string) =>
  noted(
    z
      .union([z.array(z.string()), z.string().transform(splitList)], { error: "is not a list of words" })
      .default([...choices])
      .transform((items, context) => {
        for (const item of items.filter((word) => !choices.some((choice) => choice === word))) context.addIssue({ code: "custom", message: `"${item}" is none of ${choices.join(", ")}` })
        if (items.length === 0) context.addIssue({ code: "custom", message: "has no word in it" })
        return choices.filter((choice) => items.includes(choice))
      }),
    { sentence, type: "list", choices },
  )
const purposeNames = ["emailProtection", "timeStamping", "ocspSigning"] as const
const isPurpose = (text: string): boolean => purposeNames.some((name) => name === text) || /^[0-2](?:\.\d{1,12}){1,20}$/.test(text)
export const oids = (fallback: readonly [string, ...string[]], sentence: string) =>
  noted(
    z
      .union([z.array(z.string()), z.string().transform(splitList)], { error: "is not a list of object identifiers" })
      .default([...fallback])
      .check((context) => {
        if (context.value.length === 0) context.issues.push({ code: "custom", message: "has no object identifier in it", input: context.value })
        for (const item of context.value.filter((text) => !isPurpose(text))) {
          context.issues.push({ code: "custom", message: `"${item}" is none of ${purposeNames.join(", ")} and no object identifier such as 1.3.6.1.5.5.7.3.4`, input: item })
        }
      }),
    { sentence, type: "list", choices: purposeNames },
  )
/** In the environment as the same YAML, on one line; what is no YAML is no list either. */
function yamlOf(line: string): unknown {
  try {
    return parseYaml(line)
  } catch {
    return line
  }
}
export const anchors = (sentence: string) =>
  noted(
    z
      .union([z.array(z.unknown()), z.string().transform(yamlOf)], { error: "is not a list" })
      .default([])
      .pipe(
        z.array(
          z.strictObject({
            name: z.string("has no name").regex(/^[\w .-]{1,64}$/, "is not a name of letters, digits, spaces, dots and hyphens"),
            file: z.string("names no file").min(1, "names no file"),
            purposes: z.array(z.string().refine(isPurpose, { error: `is none of ${purposeNames.join(", ")} and no object identifier` })).min(1, "has no purpose, so it would never be used"),
          }),
          "is not a list of anchors, each with name, file and purposes",
        ),
      ),
    { sentence, type: "anchors" },
  )
export const signingKeys = (sentence: string) =>
  noted(z.union([z.array(z.unknown()), z.string().transform(yamlOf)], { error: "is not a list" }).default([]).pipe(signingKeyList), { sentence, type: "keys" })
export const certificatePairs = (sentence: string) =>
  noted(
    z
      .union([z.array(z.unknown()), z.string().transform(yamlOf)], { error: "is not a list" })
      .default([])
      .pipe(
        z.array(
          z.strictObject({ certificateFile: z.string("names no file").min(1, "names no file"), keyFile: z.string("names no file").min(1, "names no file") }),
          "is not a list of certificates, each with certificateFile and keyFile",
        ),
      ),
    { sentence, type: "pairs" },
  )
export const partners = (sentence: string) =>
  noted(z.union([z.array(z.unknown()), z.string().transform(yamlOf)], { error: "is not a list" }).default([]).pipe(partnerList), { sentence, type: "partners" })
export const destinationRates = (sentence: string) =>
  noted(z.union([z.array(z.unknown()), z.string().transform(yamlOf)], { error: "is not a list" }).default([]).pipe(rateList), { sentence, type: "rates" })
/** `192.0.2.53`, `192.0.2.53:5353`, `2001:db8::53`, `[2001:db8::53]:5353` */
const isDnsServer = (text: string): boolean => isIP(text) !== 0 || isIP(/^\[(.*)\](?::\d{1,5})?$/.exec(text)?.[1] ?? "") === 6 || isIP(/^([\d.]+):\d{1,5}$/.exec(text)?.[1] ?? "") === 4
export const dnsServers = (sentence: string) =>
  noted(
    z
      .union([z.array(z.string()), z.string().transform(splitList)], { error: "is not a list of texts" })
      .default([])
      .check((context) => {
        for (const item of context.value.filter((text) => !isDnsServer(text))) context.issues.push({ code: "custom", message: `"${item}" is no address such as 192.0.2.53, 192.0.2.53:5353 or [2001:db8::53]:5353`, input: item })
      }),
    { sentence, type: "list" },
  )
/** `192.0.2.0/24`, `2001:db8::/32`, `192.0.2.7` */
const isNetwork = (text: string): boolean => {
  const [address = "", bits, ...rest] = text.split("/")
  const version = isIP(address)
  return version !== 0 && rest.length === 0 && (bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128)))
}
export const networks = (fallback: readonly string[], sentence: string) =>
  noted(
    z
      .union([z.array(z.string()), z.string().transform(splitList)], { error: "is not a list of texts" })
      .default([...fallback])
      .check((context) => {
        for (const item of context.value.filter((text) => !isNetwork(text))) context.issues.push({ code: "custom", message: `"${item}" is no network such as 192.0.2.0/24 or 2001:db8::/32`, input: item })
      }),
    { sentence, type: "list" },
  )
export const matching = (pattern: RegExp, problem: string, sentence: string) => noted(z.string("is not a text").refine((value) => value === "" || pattern.test(value), problem).default(""), { sentence, type: "text" })
export const ipAddresses = (sentence: string) =>
  noted(
    z
      .union([z.array(z.string()), z.string().transform(splitList)], { error: "is not a list of texts" })
      .default([])
      .check((context) => {
        for (const item of context.value.filter((text) => isIP(text) === 0)) context.issues.push({ code: "custom", message: `"${item}" is no IP address`, input: item })
      }),
    { sentence, type: "list" },
  )
export const level = (sentence: string) => {
  const words = ["trace", "debug", "info", "warn", "error"] as const
  return noted(z.enum(words, { error: `is none of ${words.join(", ")}` }).default("info"), { sentence, type: "word" })
}
export const word = <const W extends readonly [string, ...string[]]>(words: W, fallback: W[number], sentence: string) =>
  noted(z.enum(words, { error: `is none of ${words.join(", ")}` }).default(fallback as never), { sentence, type: "word", choices: words })
export const section = <S extends z.ZodRawShape>(shape: S) => z.strictObject(shape).prefault({} as never)

/** What a certificate may make this server ask. */
const anyPublic = "public"
export const askable = (sentence: string) =>
  noted(
    z
      .union([z.array(z.string()), z.string().transform(splitList)], { error: "is not a list of texts" })
      .default([anyPublic])
      .check((context) => {
        for (const item of context.value) {
          if (item !== anyPublic && !/^https?:\/\/[^/@\s]+\//.test(item)) context.issues.push({ code: "custom", message: `"${item}" is neither "${anyPublic}" nor the beginning of a URL such as http://crl.ca.example/`, input: item })
        }
      }),
    { sentence, type: "list", choices: [anyPublic] },
  )
