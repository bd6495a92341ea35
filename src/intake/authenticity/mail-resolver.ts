import { setImmediate as breathe } from "node:timers/promises"
import type { DnsAnswer, DnsResolver, RecordType } from "../../dns/resolver.ts"

/**
 * Our resolver as mailauth asks it: `resolve(name, type)` in the manner of `node:dns`, whose errors have codes. ENODATA and ENOTFOUND are
 * answers; ESERVFAIL, and ETIMEOUT when the message has had its share of questions and time, make a result temporary. One for each message.
 */
export interface MailResolver {
  readonly resolve: (name: string, type: string) => Promise<string[] | string[][]>
  /** Questions so far that nobody could answer. */
  failures(): number
}

export interface MailResolverOptions {
  readonly dns: DnsResolver
  /** Questions that one message may cause: SPF 10 terms with 10 names each at most, a key for each signature, DMARC's walks. */
  readonly maxQuestions?: number
  /** True when the message has had its time. */
  readonly isLate: () => boolean
}

const maxQuestionsOfMessage = 150

export function createMailResolver({ dns, isLate, maxQuestions = maxQuestionsOfMessage }: MailResolverOptions): MailResolver {
  let questions = 0
  let failures = 0
  const fail = (code: string, detail: string): never => {
    failures++
    throw coded(code, detail)
  }
  const known = new Set<RecordType>(["A", "AAAA", "MX", "TXT", "CNAME", "PTR"])
  const isKnown = (type: string): type is RecordType => known.has(type as RecordType)

  return {
    failures: () => failures,
    async resolve(name, type) {
      if (!isKnown(type)) throw coded("ENODATA", `${type} is not asked for`)
      if (++questions > maxQuestions || isLate()) return fail("ETIMEOUT", `${name} ${type}: the message has had its share of questions`)
      const answer: DnsAnswer<unknown> = await dns.resolve(name.replace(/\.$/, ""), type)
      // answers that are remembered come at once: others have their turn between what mailauth makes of each
      await breathe()
      switch (answer.kind) {
        case "records": {
          const readable = answer.records.filter(isOfSize)
          if (readable.length === 0) throw coded("ENODATA", `${name} has no ${type} of a length that means something`)
          // what mailauth expects of each type is what node:dns gives
          return readable.map(nodeForm[type]) as string[] | string[][]
        }
        case "noData":
          throw coded("ENODATA", `${name} has no ${type}`)
        case "noName":
          throw coded("ENOTFOUND", `${name} does not exist`)
        case "failed":
          return fail("ESERVFAIL", answer.detail)
      }
    },
  }
}

/** RFC 7208 §3.4 hopes for 450 octets; a key of 16,384 bits is 2,800. mailauth needs 130 ms for one of 60,000, and SPF may lead to ten. */
const maxTextCharacters = 4_096
const isOfSize = (record: unknown): boolean => typeof record !== "string" || record.length <= maxTextCharacters

const same = (record: unknown): unknown => record
const strings = (record: unknown): unknown => [record]
const exchange = (record: unknown): unknown => {
  const { exchange: name, preference } = record as { readonly exchange: string; readonly preference: number }
  return { exchange: name, priority: preference }
}
const nodeForm: Readonly<Record<RecordType, (record: unknown) => unknown>> = { A: same, AAAA: same, CNAME: same, PTR: same, NS: same, SRV: same, TLSA: same, TXT: strings, MX: exchange }

const coded = (code: string, message: string): Error => Object.assign(new Error(message), { code })
