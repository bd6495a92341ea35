import { isUtf8 } from "node:buffer"
import { rootCertificates } from "node:tls"
import { Client, type Entry } from "ldapts"
import type { LdapEntries, LdapGroup, LdapPerson } from "../accounts/ldap-sync/entries.ts"
import type { LdapServer } from "./ldap-directory.ts"

/**
 * Reads people and groups from somebody else's LDAP server (RFC 4511): over TLS that is verified, from the first byte or by StartTLS before anything is said; in pages
 * (RFC 2696); bounded. Rejects when the server cannot be reached, does not answer in time, or has more than a province has.
 */
export interface LdapQuery {
  readonly personFilter: string
  /** Empty: no groups. */
  readonly groupFilter: string
  readonly attributes: { readonly id: string; readonly number: string; readonly name: string; readonly unit: string; readonly title: string; readonly phone: string; readonly address: string; readonly member: string }
}

const connectTimeoutMs = 10_000
const answerTimeoutMs = 60_000
const pageSize = 500
const maxEntries = 100_000
/** For all of it: a server whose pages have no end is not read without end. */
const wholeMs = 600_000
const maxValue = 400

export async function readLdap({ url, serverName, ca, bindDn, bindPassword, baseDn }: LdapServer, { personFilter, groupFilter, attributes }: LdapQuery, stop: AbortSignal): Promise<LdapEntries> {
  const signal = AbortSignal.any([stop, AbortSignal.timeout(wholeMs)])
  signal.throwIfAborted()
  const tlsOptions = { minVersion: "TLSv1.2" as const, servername: serverName, ca: ca ?? [...rootCertificates], rejectUnauthorized: true }
  const isPlain = new URL(url).protocol === "ldap:"
  const client = new Client({ url, timeout: answerTimeoutMs, connectTimeout: connectTimeoutMs, ...(!isPlain && { tlsOptions }) })
  const end = (): void => void client.unbind().catch(() => undefined)
  signal.addEventListener("abort", end, { once: true })
  try {
    if (isPlain) await client.startTLS(tlsOptions)
    await client.bind(bindDn, bindPassword)
    const { id, number, name, unit, title, phone, address, member } = attributes
    const entries = async (filter: string, wanted: readonly string[]): Promise<readonly Entry[]> => {
      const found: Entry[] = []
      // ids are octets in Active Directory
      const pages = client.searchPaginated(baseDn, { scope: "sub", filter, attributes: [...new Set(wanted)], explicitBufferAttributes: [id], paged: { pageSize } })
      for await (const { searchEntries } of pages) {
        signal.throwIfAborted()
        found.push(...searchEntries)
        if (found.length > maxEntries) throw new Error(`the LDAP server has more than ${maxEntries} entries that fit ${filter}`)
      }
      return found
    }
    const people = await entries(personFilter, [id, number, name, "cn", unit, title, phone, address])
    const groups = groupFilter === "" ? [] : await entries(groupFilter, [id, "cn", "displayName", address, member])
    return {
      people: people.map((entry): LdapPerson => ({
        dn: entry.dn, externalId: idOf(entry, id), number: first(entry, number), name: first(entry, name) || first(entry, "cn"), unit: first(entry, unit), title: first(entry, title), phone: first(entry, phone), address: first(entry, address),
      })),
      groups: groups.map((entry): LdapGroup => ({ dn: entry.dn, externalId: idOf(entry, id), name: first(entry, "displayName") || first(entry, "cn"), address: first(entry, address), members: hasRange(entry, member) ? null : valuesOf(entry, member) })),
    }
  } finally {
    signal.removeEventListener("abort", end)
    await client.unbind().catch(() => undefined)
  }
}

function valuesOf(entry: Entry, attribute: string): readonly string[] {
  const name = Object.keys(entry).find((one) => one.toLowerCase() === attribute.toLowerCase())
  const values = name === undefined ? [] : [entry[name] ?? []].flat()
  return values.map((value) => (typeof value === "string" ? value : value.toString("utf8")))
}

/** As text of the directory is: one line, composed. */
const first = (entry: Entry, attribute: string): string => (valuesOf(entry, attribute)[0] ?? "").normalize("NFC").replace(/\s+/g, " ").trim().slice(0, maxValue)

/** Active Directory's are 16 octets, others' are text. */
function idOf(entry: Entry, attribute: string): string {
  const name = Object.keys(entry).find((one) => one.toLowerCase() === attribute.toLowerCase())
  const value = name === undefined ? undefined : [entry[name] ?? []].flat()[0]
  if (value === undefined) return ""
  if (typeof value === "string") return value
  // no two that are different must become one: what is no text is told apart by its octets
  return attribute.toLowerCase() === "objectguid" || !isUtf8(value) || value.includes(0) ? value.toString("hex") : value.toString("utf8")
}

/** Active Directory gives large groups as `member;range=0-1499` (MS-ADTS §3.1.1.3.1.3.3). */
const hasRange = (entry: Entry, attribute: string): boolean => Object.keys(entry).some((name) => name.toLowerCase().startsWith(`${attribute.toLowerCase()};range=`))
