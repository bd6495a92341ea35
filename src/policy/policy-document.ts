import { z } from "zod"
import { parseBytes } from "../base/units.ts"
import { comparedFields, headerProtections, signatureProblems } from "../pki/signature-facts.ts"
import { arcResults, dkimResults, dmarcPolicies, dmarcResults, spfResults } from "./authenticity-facts.ts"
import { endOfDay, parseHours, startOfDay, weekdays } from "./civil-time.ts"
import { compileMark } from "./document-mark.ts"
import { spamActions } from "./scan-facts.ts"
import { compilePattern } from "./text-pattern.ts"
import { releasers } from "./verdict.ts"

/**
 * The shape of `config/policy.yaml`, docs/policy.md in types. Every bound that keeps a decision cheap is here: numbers of rules,
 * conditions and patterns, their length and their nesting. Pure; how the file becomes this is read-policy.ts.
 */
export const policyLimits = { bytes: 64 * 1024, rules: 200, documents: 50, patternsOfDocument: 50, listItems: 500, nesting: 5, textCharacters: 200 } as const

/** One value or a list of them; always a list afterwards. */
const oneOrMany = <S extends z.ZodType>(item: S) =>
  z.preprocess((value) => (Array.isArray(value) || value === undefined ? value : [value]), z.array(item).min(1, "is an empty list").max(policyLimits.listItems))

const words = <const W extends readonly [string, ...string[]]>(list: W) => z.enum(list, { error: list.length > 12 ? `is none of the ${list.length} words that docs/policy.md lists` : `is none of ${list.join(", ")}` })
/** What must be there and is not is told as that. */
const string = (otherwise: string) => z.string({ error: ({ input }) => (input === undefined ? "is missing" : otherwise) })
const text = (most: number) => string("is not a text").min(1, "is empty").max(most, `is longer than ${most} characters`)
const name = string("is not a name").regex(/^[A-Za-z][A-Za-z0-9-]{0,63}$/, "is no name: letters, digits and hyphens, a letter first")
const flag = z.boolean("is neither true nor false")
const score = z.number("is no number").min(-10_000, "is below -10000").max(10_000, "is above 10000")
const domain = text(253).regex(/^[^\s@*]+\.[^\s@*]+$/, "is no domain such as bo.example (its subdomains are meant too)")

const date = (bound: (date: string) => number | undefined) =>
  z.string("is no date such as 2027-01-31").transform((value, context) => {
    const at = bound(value)
    if (at === undefined) context.addIssue({ code: "custom", message: `"${value}" is no date such as 2027-01-31` })
    return at ?? 0
  })

const bytes = z.string("is no size such as 10MiB").transform((value, context) => {
  const parsed = parseBytes(value)
  if (parsed === undefined) context.addIssue({ code: "custom", message: `"${value}" is no size such as 512KiB or 10MiB` })
  return parsed ?? 0
})

const hours = z.string('is no period such as "07:30-17:30"').transform((value, context) => {
  const parsed = parseHours(value)
  if (parsed === undefined) context.addIssue({ code: "custom", message: `"${value}" is no period such as "07:30-17:30"` })
  return parsed ?? { from: 0, until: 0 }
})

const compiled = <T>(compile: (source: string) => T | undefined) =>
  text(policyLimits.textCharacters).transform((value, context) => {
    const pattern = compile(value)
    if (pattern === undefined) context.addIssue({ code: "custom", message: `"${value}" has no letter or digit to look for, or not at the mark's ends` })
    return pattern ?? z.NEVER
  })

/** RFC 5322 §2.2 field-name. */
const fieldName = z.string("is no header name").regex(/^[!-9;-~]{1,78}$/, "is no header name").transform((value) => value.toLowerCase())

const documentMatcher = z
  .strictObject({ in: oneOrMany(fieldName), mark: oneOrMany(compiled(compileMark)).optional(), pattern: oneOrMany(compiled(compilePattern)).optional() })
  .refine(({ mark, pattern }) => mark !== undefined || pattern !== undefined, "says where to look but not for what: give mark or pattern")

const party = {
  unit: oneOrMany(text(100)).optional(),
  kind: oneOrMany(words(["personal", "organizational", "foreign"])).optional(),
  group: oneOrMany(text(254)).optional(),
  domain: oneOrMany(domain).optional(),
  domainList: oneOrMany(name).optional(),
  local: flag.optional(),
}
const recipient = z.strictObject(party)
const sender = z.strictObject({ ...party, address: oneOrMany(text(254)).optional() })

const statuses = ["missing", "valid", "invalid", "undecided", "encrypted"] as const
const leaf = {
  direction: oneOrMany(words(["submission", "internal", "inbound", "outbound"])).optional(),
  sender: sender.optional(),
  recipient: recipient.optional(),
  everyRecipient: recipient.optional(),
  document: oneOrMany(name).optional(),
  size: z.strictObject({ over: bytes.optional(), under: bytes.optional() }).optional(),
  authentication: oneOrMany(words(["none", "password", "appPassword", "certificate", "local"])).optional(),
  notification: flag.optional(),
  signature: z
    .strictObject({
      status: oneOrMany(words(statuses)).optional(),
      problem: oneOrMany(words(signatureProblems)).optional(),
      holder: oneOrMany(words(["individual", "organization", "unknown"])).optional(),
      form: oneOrMany(words(["none", "multipart", "opaque", "encrypted"])).optional(),
      headerProtection: oneOrMany(words(headerProtections)).optional(),
      headerDiffers: oneOrMany(words(comparedFields)).optional(),
      timestamped: flag.optional(),
    })
    .optional(),
  authenticity: z
    .strictObject({
      spf: oneOrMany(words(spfResults)).optional(),
      dkim: oneOrMany(words(dkimResults)).optional(),
      dmarc: oneOrMany(words(dmarcResults)).optional(),
      dmarcPolicy: oneOrMany(words(dmarcPolicies)).optional(),
      arc: oneOrMany(words(arcResults)).optional(),
      aligned: flag.optional(),
      vouched: flag.optional(),
    })
    .optional(),
  scan: z.strictObject({ virus: flag.optional(), spam: oneOrMany(words(spamActions)).optional(), score: z.strictObject({ over: score.optional(), under: score.optional() }).optional(), unavailable: flag.optional() }).optional(),
  tls: z.strictObject({ used: flag.optional(), version: oneOrMany(words(["TLSv1.2", "TLSv1.3"])).optional(), cipher: oneOrMany(compiled(compilePattern)).optional(), clientCertificate: flag.optional() }).optional(),
  time: z.strictObject({ hours: hours.optional(), weekdays: oneOrMany(words(weekdays)).optional() }).optional(),
}

type Leaf = z.infer<z.ZodObject<typeof leaf>>

/** All that is said must hold. */
export interface Condition extends Leaf {
  readonly all?: readonly Condition[] | undefined
  readonly any?: readonly Condition[] | undefined
  readonly not?: Condition | undefined
}

const tooDeep = z.never(`is nested more than ${policyLimits.nesting} deep: make it two rules`)

function condition(depth: number): z.ZodType<Condition> {
  const inner = depth === 0 ? tooDeep : condition(depth - 1)
  const several = depth === 0 ? tooDeep : z.array(inner).min(1, "is an empty list").max(50, "has more than 50 conditions")
  return z.strictObject({ ...leaf, all: several.optional(), any: several.optional(), not: inner.optional() })
}

/** Where a sentence may name what was found; everything else in braces is a slip of the pen. */
export const placeholders = ["signature", "sender", "rule"] as const
const sentence = text(policyLimits.textCharacters)
  // oxlint-disable-next-line no-control-regex -- exactly the characters that must not reach a reply
  .regex(/^[^\x00-\x1f\x7f-\x9f]*$/, "has a line break or control character in it")
  .check((context) => {
    for (const [whole, word] of context.value.matchAll(/\{([^{}]*)\}?/g)) {
      if (whole !== `{${word}}` || !placeholders.some((known) => known === word)) {
        context.issues.push({ code: "custom", input: context.value, message: `has "${whole}" in it; only ${placeholders.map((known) => `{${known}}`).join(", ")} are replaced` })
      }
    }
  })
const reasons = { vi: sentence, en: sentence }

/** RFC 5321 §4.1.2, only as far as telling an address from a slip of the pen. */
const whom = (list: readonly string[]) =>
  text(254).refine((value) => list.includes(value) || /^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(value), `is neither an address nor one of ${list.join(", ")}`)

const badStatus = 'is neither a status 5.7.x, 4.7.x or 4.4.3 nor "signature"'

const verdict = z.preprocess(
  (value) => (value === "accept" ? { accept: {} } : value),
  z
    .strictObject({
      accept: z.strictObject({}).optional(),
      mark: z.strictObject({ keyword: z.string().regex(/^\$?[A-Za-z][A-Za-z0-9_-]{0,49}$/, "is no IMAP keyword such as $Unsigned").optional(), tellSender: flag.optional(), ...reasons }).optional(),
      sign: z.strictObject({ key: name }).optional(),
      hold: z.strictObject({ approvers: oneOrMany(whom(["administrators"])), ...reasons }).optional(),
      quarantine: z
        .strictObject({ notify: oneOrMany(whom(["sender", "recipients", "administrators"])), release: words(releasers).optional(), ...reasons })
        .refine(({ notify, release }) => release !== "recipients" || notify.includes("recipients"), { path: ["release"], error: "is recipients, who do not hear of the message: add recipients to notify" })
        .optional(),
      reject: z
        .strictObject({ status: string(badStatus).regex(/^(?:signature|4\.4\.3|[45]\.7\.\d{1,3})$/, badStatus), ...reasons })
        .optional(),
    })
    .refine((value) => Object.values(value).filter((one) => one !== undefined).length === 1, "is not exactly one of accept, mark, sign, hold, quarantine, reject"),
)

const rule = z.strictObject({
  id: name,
  /** For administrators: which law or decision the rule rests on. */
  why: text(1000).optional(),
  from: date(startOfDay).optional(),
  until: date(endOfDay).optional(),
  when: condition(policyLimits.nesting).optional(),
  verdict,
})

export const policySchema = z.strictObject({
  format: z.literal(1, "is not 1, the only format there is"),
  domains: z.record(name, z.array(domain).max(policyLimits.listItems)).default({}),
  documents: z.record(name, z.array(documentMatcher).min(1, "is an empty list").max(policyLimits.patternsOfDocument)).default({}),
  /** A certificate that the registry does not know speaks for an account here when it carries its address (RFC 8550 §3). */
  bindByAddress: flag.default(false),
  rules: z.array(rule).min(1, "is an empty list").max(policyLimits.rules, `has more than ${policyLimits.rules} rules`),
})

export type PolicyDocument = z.infer<typeof policySchema>
export type Rule = PolicyDocument["rules"][number]
export type RuleVerdict = Rule["verdict"]
export type DocumentMatcher = PolicyDocument["documents"][string][number]
