import type { CertificateDetail, CertificateRecord } from "../store/certificate-registry.ts"
import { textTable } from "./text-table.ts"

/** Certificates of the registry for people. Pure. */
export const shortFingerprint = (fingerprint: string): string => fingerprint.slice(0, 16)

const dayMs = 86_400_000

/** Whole days that are left; 0 on the last one, negative when it has ended. */
export const daysLeft = (notAfter: number, now: number): number => Math.floor((notAfter - now) / dayMs)

const date = (ms: number): string => new Date(ms).toISOString().slice(0, 10)

const allAccounts = "(all of its holder)"

export const certificateTable = (records: readonly CertificateRecord[], now: number): string =>
  textTable(
    ["FINGERPRINT", "USE", "STATE", "ENDS", "DAYS", "HOLDER", "NAME", "SPEAKS FOR"],
    records.map((one) => [
      shortFingerprint(one.fingerprint), one.use, one.state, date(one.notAfter), String(daysLeft(one.notAfter, now)), one.principalId, one.holderName,
      one.accounts.length === 0 ? allAccounts : one.accounts.join(" "),
    ]),
  )

export function certificateText(one: CertificateDetail, now: number): string {
  const left = daysLeft(one.notAfter, now)
  const period = one.from === null && one.until === null ? "always" : `${one.from ?? "…"} to ${one.until ?? "…"}`
  const why = [one.stateReason, one.stateBy && `by ${one.stateBy}`].filter((part) => part !== "").join(", ")
  const rows: readonly (readonly [string, string])[] = [
    ["fingerprint", one.fingerprint],
    ["subject", one.subject],
    ["issuer", one.issuer],
    ["serial number", one.serialNumber],
    ["valid", `${new Date(one.notBefore).toISOString()} to ${new Date(one.notAfter).toISOString()} (${left < 0 ? `ended ${-left} days ago` : `${left} days left`})`],
    ["addresses in it", one.addresses.join(" ") || "none"],
    ["holder", `${one.principalId} ${one.holderName}`],
    ["use", one.use],
    ["speaks for", one.accounts.join(" ") || allAccounts],
    ["bound", period],
    ["state", `${one.state} since ${new Date(one.stateAt).toISOString()}${why === "" ? "" : ` (${why})`}`],
    ["registered", `${new Date(one.addedAt).toISOString()} by ${one.source}`],
  ]
  return rows.map(([name, value]) => `${name.padEnd(16)}${value}`).join("\n")
}
