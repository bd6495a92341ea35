/**
 * The Sender Rewriting Scheme: a message passed on to another server goes in our name, so that SPF passes there, and what comes back finds its
 * way to whoever wrote it. The address says it all, sealed with a keyed hash; nothing is kept. Pure, apart from the key.
 */
import { createHmac, type KeyObject, timingSafeEqual } from "node:crypto"
import { asciiDomain, maxMailboxOctets, splitAddress } from "./address.ts"

export interface Srs {
  /** The reverse-path to pass a message on with. The null one, and what cannot be rewritten, stays as it is. */
  rewrite(reversePath: string, now: number): string
  /** What a bounce to `address` is really for. */
  reverse(address: string, now: number): SrsReading
}

export type SrsReading =
  /** Not one of these addresses. */
  | { readonly kind: "other" }
  | { readonly kind: "original"; readonly address: string }
  /** Of this form, but not made here or not lately: nobody is to be reached by it. */
  | { readonly kind: "invalid"; readonly why: "form" | "hash" | "age" }

export interface SrsOptions {
  readonly key: KeyObject
  /** Where bounces come back to. */
  readonly domain: string
  readonly maxAgeDays?: number
}

/** A message waits for days at the next server before it bounces; more than three weeks is somebody's collection of addresses. */
const defaultMaxAgeDays = 21
const dayMs = 86_400_000
const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
/** Two characters of it: days modulo 1024. */
const stampRange = 1024
/** 30 bits: whoever guesses needs a billion RCPT commands, all with the null reverse-path. */
const hashCharacters = 6

export function createSrs({ key, domain, maxAgeDays = defaultMaxAgeDays }: SrsOptions): Srs {
  const ours = (asciiDomain(domain) ?? domain).toLowerCase()

  /** Servers on the way may change the case of a local part, so it does not count. */
  const hash = (...parts: readonly string[]): string => {
    const digest = createHmac("sha256", key).update(parts.join("\n").toLowerCase()).digest()
    return Array.from(digest.subarray(0, hashCharacters), (byte) => alphabet.charAt(byte & 31)).join("")
  }
  const fits = (given: string, right: string): boolean => {
    const bytes = Buffer.from(given.toUpperCase())
    return bytes.length === right.length && timingSafeEqual(bytes, Buffer.from(right))
  }

  const stamp = (now: number): string => {
    const day = Math.floor(now / dayMs) % stampRange
    return alphabet.charAt(day >> 5) + alphabet.charAt(day & 31)
  }
  const isFresh = (given: string, now: number): boolean => {
    const [high, low] = [...given.toUpperCase()].map((char) => alphabet.indexOf(char))
    if (high === undefined || low === undefined || high < 0 || low < 0) return false
    const age = (Math.floor(now / dayMs) - (high * 32 + low) + stampRange) % stampRange
    // a clock of ours that ran ahead yesterday counts as today
    return age <= maxAgeDays || age === stampRange - 1
  }

  const reverse0 = (rest: string, now: number): SrsReading => {
    const [, given = "", day = "", host = "", local = ""] = /^([^=]+)=([^=]{2})=([^=]+)=(.+)$/s.exec(rest) ?? []
    if (local === "") return { kind: "invalid", why: "form" }
    if (!fits(given, hash("0", day, host, local))) return { kind: "invalid", why: "hash" }
    return isFresh(day, now) ? { kind: "original", address: `${local}@${host}` } : { kind: "invalid", why: "age" }
  }

  /** `SRS1=hash=host=rest`: the first server that passed it on, whose address follows from its `=` on. */
  const reverse1 = (rest: string): SrsReading => {
    const [, given = "", host = "", first = ""] = /^([^=]+)=([^=]+)=([=+-].+)$/s.exec(rest) ?? []
    if (first === "") return { kind: "invalid", why: "form" }
    return fits(given, hash("1", host, first)) ? { kind: "original", address: `SRS0${first}@${host}` } : { kind: "invalid", why: "hash" }
  }

  const rewritten = (localPart: string, host: string, now: number): string => {
    const first = /^SRS0([=+-].+)$/is.exec(localPart)?.[1]
    if (first !== undefined) return `SRS1=${hash("1", host, first)}=${host}=${first}@${ours}`
    // passed on by several before us: the first of them can undo it, those between need not hear of it
    const [, firstHost, rest] = /^SRS1[=+-][^=]+=([^=]+)=([=+-].+)$/is.exec(localPart) ?? []
    if (firstHost !== undefined && rest !== undefined) return `SRS1=${hash("1", firstHost, rest)}=${firstHost}=${rest}@${ours}`
    const day = stamp(now)
    return `SRS0=${hash("0", day, host, localPart)}=${day}=${host}=${localPart}@${ours}`
  }

  return {
    rewrite(reversePath, now) {
      const parts = splitAddress(reversePath)
      const host = parts && asciiDomain(parts.domain)
      if (!parts || host === undefined || host === ours || parts.localPart.startsWith('"')) return reversePath
      const path = rewritten(parts.localPart, host, now)
      return Buffer.byteLength(path) > maxMailboxOctets ? reversePath : path
    },
    reverse(address, now) {
      const parts = splitAddress(address)
      const [, kind, rest = ""] = /^SRS([01])[=+-](.*)$/is.exec(parts?.localPart ?? "") ?? []
      if (kind === undefined || !parts || (asciiDomain(parts.domain) ?? "") !== ours) return { kind: "other" }
      return kind === "0" ? reverse0(rest, now) : reverse1(rest)
    },
  }
}
