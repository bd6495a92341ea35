/** Asks the DNS for the records that it should hold. Every record gets one finding; whoever cannot be asked is no proof of anything. */
import type { DnsAnswer, DnsResolver } from "../dns/resolver.ts"
import type { CheckedLine } from "./checked-line.ts"
import type { DomainRecord } from "./domain-record.ts"
import { textFits, textStart } from "./text-fits.ts"
import { recordTodo } from "./todo-words.ts"
import { recordData } from "./zone-text.ts"

export interface Finding {
  readonly record: DomainRecord
  readonly result: "ok" | "missing" | "different" | "unanswered"
  /** What there is instead, or why nobody could say. */
  readonly found: string
  /** True for what counts only with DNSSEC, and has none. */
  readonly insecure: boolean
}

export const checkRecords = (records: readonly DomainRecord[], resolver: DnsResolver): Promise<readonly Finding[]> => Promise.all(records.map((record) => check(record, resolver)))

async function check(record: DomainRecord, resolver: DnsResolver): Promise<Finding> {
  const { name } = record
  switch (record.kind) {
    case "mx":
      return judge(record, await resolver.resolve(name, "MX"), (found) => found.some(({ exchange }) => exchange === record.exchange), ({ preference, exchange }) => `MX ${preference} ${exchange}.`)
    case "srv":
      return judge(record, await resolver.resolve(name, "SRV"), (found) => found.some(({ port, target }) => port === record.port && target === record.target), ({ priority, weight, port, target }) => `SRV ${priority} ${weight} ${port} ${target}.`)
    case "tlsa": {
      const fits = (one: { readonly usage: number; readonly selector: number; readonly matching: number; readonly association: Uint8Array }): boolean => one.usage === 3 && one.selector === 1 && one.matching === 1 && Buffer.compare(one.association, record.association) === 0
      const answer = await resolver.resolve(name, "TLSA")
      const finding = judge(record, answer, (found) => found.some(fits), ({ usage, selector, matching, association }) => `TLSA ${usage} ${selector} ${matching} ${Buffer.from(association).toString("hex")}`)
      return { ...finding, insecure: answer.kind !== "failed" && !answer.secure }
    }
    case "address":
    case "alias":
      return checkAddress(record, resolver)
    default:
      return checkText(record, await resolver.resolve(name, "TXT"))
  }
}

/** An alias may as well have addresses of its own. */
async function checkAddress(record: DomainRecord, resolver: DnsResolver): Promise<Finding> {
  const [four, six] = await Promise.all([resolver.resolve(record.name, "A"), resolver.resolve(record.name, "AAAA")])
  const has = four.kind === "records" ? four : six
  return has.kind !== "records" && four.kind === "failed" ? judge(record, four, () => true, String) : judge(record, has, () => true, String)
}

/** Other texts at the same name are other people's business; two of the same kind are as bad as none (RFC 7208 §4.5, RFC 7489 §6.6.3). */
function checkText(record: DomainRecord, answer: DnsAnswer<string>): Finding {
  if (answer.kind !== "records") return judge(record, answer, () => false, String)
  const start = textStart(record)
  const [first, ...others] = answer.records.filter((text) => start.test(text))
  if (first === undefined) return { record, result: "missing", found: "", insecure: false }
  const fits = record.kind === "dkim" ? [first, ...others].some((text) => textFits(record, text)) : others.length === 0 && textFits(record, first)
  return { record, result: fits ? "ok" : "different", found: [first, ...others].map((text) => `TXT "${text}"`).join(", "), insecure: false }
}

function judge<Data>(record: DomainRecord, answer: DnsAnswer<Data>, fits: (found: readonly Data[]) => boolean, shown: (data: Data) => string): Finding {
  if (answer.kind === "failed") return { record, result: "unanswered", found: answer.detail, insecure: false }
  if (answer.kind !== "records") return { record, result: "missing", found: "", insecure: false }
  return { record, result: fits(answer.records) ? "ok" : "different", found: answer.records.map(shown).join(", "), insecure: false }
}

/** For people: what should be there. */
const expectation = (record: DomainRecord): string => recordData(record) ?? "A or AAAA"

/** A finding as `dns check` says it. */
export const recordLine = ({ record, result, found, insecure }: Finding): CheckedLine => ({
  name: record.name, result, expected: expectation(record), found, insecure, todo: recordTodo(record, result),
  // nothing is broken before a new key signs
  waits: record.kind === "dkim" && record.state === "pending",
})
