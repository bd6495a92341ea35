/** Asks for the PTR records of the addresses that mail comes from: a name that leads back to the address, without which many servers take nothing (RFC 1912 §2.1). */
import { isIPv6 } from "node:net"
import type { DnsResolver } from "../dns/resolver.ts"
import { reverseName } from "../dns/reverse-name.ts"
import type { CheckedLine } from "./checked-line.ts"
import { reverseWords } from "./todo-words.ts"

export interface ReverseFacts {
  readonly hostname: string
  /** Addresses that mail comes from; empty: those of the host. */
  readonly outboundAddresses: readonly string[]
}

export async function checkReverse({ hostname, outboundAddresses }: ReverseFacts, resolver: DnsResolver): Promise<readonly CheckedLine[]> {
  const addresses = outboundAddresses.length > 0 ? outboundAddresses : await addressesOf(hostname, resolver)
  return Promise.all(addresses.map((address) => checkOne(address, hostname, resolver)))
}

async function addressesOf(name: string, resolver: DnsResolver): Promise<readonly string[]> {
  const answers = await Promise.all([resolver.resolve(name, "A"), resolver.resolve(name, "AAAA")])
  return answers.flatMap((answer) => (answer.kind === "records" ? answer.records : []))
}

/** RFC 8601 §2.7.3 asks for no more of them. */
const maxNames = 10

async function checkOne(address: string, hostname: string, resolver: DnsResolver): Promise<CheckedLine> {
  const about = { name: reverseName(address), expected: `PTR ${hostname}.`, insecure: false, waits: false }
  const answer = await resolver.resolve(about.name, "PTR")
  if (answer.kind === "failed") return { ...about, result: "unanswered", found: answer.detail, todo: reverseWords.unanswered }
  if (answer.kind !== "records") return { ...about, result: "missing", found: "", todo: reverseWords.missing }
  const names = answer.records.slice(0, maxNames)
  const confirmed = await Promise.all(names.map(async (name) => ({ name, back: await resolver.resolve(name, isIPv6(address) ? "AAAA" : "A") })))
  const good = confirmed.find(({ back }) => back.kind === "records" && back.records.some((one) => reverseName(one) === about.name))
  if (good) return { ...about, expected: `PTR ${good.name}.`, result: "ok", found: "", todo: "" }
  const failed = confirmed.find(({ back }) => back.kind === "failed")
  if (failed?.back.kind === "failed") return { ...about, result: "unanswered", found: failed.back.detail, todo: reverseWords.unanswered }
  return { ...about, result: "different", found: names.map((name) => `PTR ${name}. that does not lead back to ${address}`).join(", "), todo: reverseWords.different }
}
