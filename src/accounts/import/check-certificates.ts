import { createHash } from "node:crypto"
import type { Certificate } from "../../pki/certificate.ts"
import type { AccountKind, IssuerAndSerial, PrincipalKind } from "../directory.ts"
import { givesSigning } from "../signing-right.ts"
import type { Report } from "./check-references.ts"
import type { DirectoryState } from "./provisioning-store.ts"
import type { ImportFiles } from "./read-folder.ts"
import { short } from "./row-check.ts"
import type { AssignmentRow, CertificateRow } from "./rows.ts"

/** Checks certificates against whom they are to be bound to: the holder is there and of the right kind, and may sign for the accounts named. */
export function checkCertificates(files: ImportFiles, state: DirectoryState, bad: Report): void {
  const { rows } = files.tables.certificates
  if (rows.length === 0) return
  const kinds = new Map([...state.tables.principals, ...files.tables.principals.rows.map(({ row }) => row)].map(({ principalId, kind }) => [principalId, kind]))
  const accounts = new Map([...state.tables.accounts, ...files.tables.accounts.rows.map(({ row }) => row)].map(({ address, kind }) => [address, kind]))
  const maySign = signers([...state.tables.assignments, ...files.tables.assignments.rows.map(({ row }) => row)], accounts)
  const names = new Map(state.certificateNames)
  for (const { line, row } of rows) {
    const kind = kinds.get(row.principalId)
    // what refers to a bad row is not to blame for it
    const isKnown = kind !== undefined || files.tables.principals.keys.has(row.principalId)
    if (!isKnown) bad("certificates", { line, column: "principal_id" }, `there is no principal "${row.principalId}"`)
    const problem = kind && useProblem(row, kind)
    if (problem) bad("certificates", { line, column: "use" }, problem)
    for (const address of row.addresses) {
      if (!accounts.has(address) && !files.tables.accounts.keys.has(address)) bad("certificates", { line, column: "addresses" }, `there is no account ${short(address)}`)
      else if (kind && accounts.has(address) && !maySign.has(`${row.principalId} ${address}`)) bad("certificates", { line, column: "addresses" }, `${row.principalId} may not sign for ${short(address)}: that takes "owner", or "sign" on an office's account`)
    }
    const certificate = files.certificates.get(row.fingerprint)
    if (certificate && !takesName(names, certificate)) bad("certificates", { line, column: "file" }, "another certificate with the same issuer and serial number is registered: one of the two is not what it says")
  }
}

/** RFC 5280 §4.1.2.2: an issuer gives a serial number once. */
function takesName(names: Map<string, string>, certificate: Certificate): boolean {
  const name = certificateName(issuerAndSerial(certificate))
  const taken = names.get(name)
  names.set(name, taken ?? certificate.fingerprint)
  return taken === undefined || taken === certificate.fingerprint
}

export const issuerAndSerial = ({ issuer, serialNumber }: Certificate): IssuerAndSerial => ({ issuerHash: createHash("sha256").update(issuer.der).digest("hex"), serialNumber })

export const certificateName = ({ issuerHash, serialNumber }: IssuerAndSerial): string => `${issuerHash} ${serialNumber}`

/** An organization's certificate is no person's, whoever keeps the token. */
export function useProblem({ principalId, use }: Pick<CertificateRow, "principalId" | "use">, kind: PrincipalKind): string | undefined {
  if ((use === "organizational") === (kind === "organization")) return undefined
  return kind === "organization" ? `${principalId} is an organization: its certificates are "organizational"` : `${principalId} is a person: their certificates are "personal" or "mobile"`
}

const signers = (assignments: readonly AssignmentRow[], accounts: ReadonlyMap<string, AccountKind>): ReadonlySet<string> =>
  new Set(assignments.filter(({ rights, address }) => givesSigning(rights, accounts.get(address) ?? "personal")).map(({ principalId, address }) => `${principalId} ${address}`))
