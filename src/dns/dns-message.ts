import { randomInt } from "node:crypto"
import { AUTHENTIC_DATA, type Answer, decode, encode, type Packet, RECURSION_DESIRED, type SoaAnswer } from "dns-packet"
import type { DnsAnswer, RecordData, RecordType } from "./resolver.ts"

/** One question on the wire, and what its reply says. dns-packet knows the format; what a reply is worth is decided here. */
export interface Question {
  readonly name: string
  readonly type: RecordType
  readonly id: number
  readonly bytes: Uint8Array
}

export type Reading =
  /** Not a reply to this question: forged, late or garbage. */
  | { readonly kind: "stranger" }
  /** Did not fit into a datagram: ask again by TCP (RFC 1035 §4.2.1). */
  | { readonly kind: "truncated" }
  | { readonly kind: "answer"; readonly answer: DnsAnswer<RecordData[RecordType]>; /** How long it may be remembered. */ readonly ttlSeconds: number }

/** RFC 9715 §3.1: what passes everywhere without fragments. */
export const datagramBytes = 1232
/** RFC 2308 §5: how long "there is none" is remembered when nobody says, or says more. */
const negativeTtlSeconds = { unstated: 30, most: 900 }
const maxTtlSeconds = 86_400
/** More records of one type are somebody's joke. */
const maxRecords = 100
/** Aliases are followed by the resolver; this many in its answer are believed. */
const maxAliases = 16

export const normalName = (name: string): string => name.replace(/\.$/, "").toLowerCase()

/**
 * A name that an answer holds. Labels are any bytes, chosen by whoever has the zone; these names end in logs, in diagnostics and in the
 * database, so what is not printed there is written as zone files write it (RFC 1035 §5.1).
 */
const toldName = (name: string): string =>
  normalName(name).replace(/[^!-[\]-~]/gu, (char) => Array.from(Buffer.from(char), (byte) => `\\${String(byte).padStart(3, "0")}`).join(""))

export function question(name: string, type: RecordType): Question {
  const id = randomInt(65_536)
  const bytes = encode({
    type: "query",
    id,
    // RFC 6840 §5.7: AD in a question asks to be told whether the answer is authentic
    flags: RECURSION_DESIRED | AUTHENTIC_DATA,
    questions: [{ name, type }],
    additionals: [{ type: "OPT", name: ".", udpPayloadSize: datagramBytes, extendedRcode: 0, ednsVersion: 0, flags: 0, flag_do: false, options: [] }],
  })
  return { name: normalName(name), type, id, bytes }
}

/** `trusted`: the resolver and the way to it are such that its AD bit counts. */
export function readReply(asked: Question, bytes: Uint8Array, trusted: boolean): Reading {
  const packet = decoded(bytes)
  const echoed = packet?.questions?.[0]
  if (!packet || packet.type !== "response" || packet.id !== asked.id || !echoed || normalName(echoed.name) !== asked.name || echoed.type !== asked.type) return { kind: "stranger" }
  if (packet.flag_tc) return { kind: "truncated" }
  const secure = trusted && packet.flag_ad === true
  if (packet.rcode === "NXDOMAIN") return { kind: "answer", answer: { kind: "noName", secure }, ttlSeconds: negativeTtl(packet) }
  if (packet.rcode !== "NOERROR") return { kind: "answer", answer: { kind: "failed", detail: `the DNS answered ${packet.rcode} for ${asked.name} ${asked.type}` }, ttlSeconds: 0 }
  const answers = (packet.answers ?? []).slice(0, maxRecords + maxAliases)
  // whoever asks for the alias itself does not want it followed
  const canonicalName = asked.type === "CNAME" ? asked.name : endOfAliases(asked.name, answers)
  const found = answers.filter((answer) => answer.type === asked.type && normalName(answer.name) === canonicalName)
  const [first, ...others] = found.slice(0, maxRecords).flatMap((answer) => recordOf(answer) ?? [])
  if (first === undefined) return { kind: "answer", answer: { kind: "noData", secure }, ttlSeconds: negativeTtl(packet) }
  return { kind: "answer", answer: { kind: "records", records: [first, ...others], secure, canonicalName: toldName(canonicalName) }, ttlSeconds: Math.min(maxTtlSeconds, ...answers.map(ttlOf)) }
}

type Decoded = Packet & { readonly rcode?: string; readonly flag_tc?: boolean; readonly flag_ad?: boolean }

function decoded(bytes: Uint8Array): Decoded | undefined {
  try {
    return decode(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length))
  } catch {
    return undefined
  }
}

function endOfAliases(name: string, answers: readonly Answer[]): string {
  const aliases = new Map(answers.flatMap((answer) => (answer.type === "CNAME" ? [[normalName(answer.name), normalName(answer.data)] as const] : [])))
  let end = name
  for (let step = 0; step < maxAliases; step++) {
    const next = aliases.get(end)
    if (next === undefined) return end
    end = next
  }
  return end
}

/** Undefined for what is not of its type's form. */
function recordOf(answer: Answer): RecordData[RecordType] | undefined {
  switch (answer.type) {
    case "A":
    case "AAAA":
      return answer.data
    case "CNAME":
    case "PTR":
    case "NS":
      return toldName(answer.data)
    case "MX":
      return { exchange: toldName(answer.data.exchange), preference: answer.data.preference ?? 0 }
    case "TXT":
      return (Array.isArray(answer.data) ? answer.data : [answer.data]).map(textOf).join("")
    case "SRV":
      return { priority: answer.data.priority ?? 0, weight: answer.data.weight ?? 0, port: answer.data.port, target: toldName(answer.data.target) }
    case "TLSA": {
      const { usage, selector, matchingType, certificate } = answer.data
      return { usage, selector, matching: matchingType, association: certificate }
    }
    default:
      return undefined
  }
}

const textOf = (part: string | Uint8Array): string => (typeof part === "string" ? part : Buffer.from(part).toString("utf8"))

const ttlOf = (answer: Answer): number => ("ttl" in answer && typeof answer.ttl === "number" ? Math.max(0, answer.ttl) : 0)

/** RFC 2308 §5: the smaller of the SOA record's own TTL and its minimum. */
function negativeTtl({ authorities = [] }: Packet): number {
  const soa = authorities.find((record): record is SoaAnswer => record.type === "SOA")
  return soa ? Math.min(ttlOf(soa), soa.data.minimum ?? negativeTtlSeconds.unstated, negativeTtlSeconds.most) : negativeTtlSeconds.unstated
}
