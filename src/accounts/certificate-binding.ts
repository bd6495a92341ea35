import { failed, ok, type Result } from "../base/result.ts"
import type { CertificateUse, Directory } from "./directory.ts"
import { isDate } from "./province-date.ts"
import type { Words } from "./provision/problems.ts"
import { givesSigning } from "./signing-right.ts"

/** Whom a certificate is to speak for, as somebody wrote it, and what the directory says to that. Pure. The same for command line and console. */
export interface WantedBinding {
  readonly holder: string
  readonly use: CertificateUse
  /** Addresses of accounts or aliases; none: every account for which its holder may sign. */
  readonly accounts: readonly string[]
  /** Days, `2026-01-31`; null: without end. */
  readonly from: string | null
  readonly until: string | null
}

export interface CheckedBinding {
  readonly principalId: string
  readonly use: CertificateUse
  /** Canonical addresses of accounts, sorted. */
  readonly accounts: readonly string[]
  readonly from: string | null
  readonly until: string | null
}

export type BindingProblem =
  | { readonly kind: "noHolder" | "notForOrganization" | "notForPerson" | "notDate" | "noAccount" | "backwards"; readonly what: string }
  /** `what` is an account for which the holder may not sign today. */
  | { readonly kind: "maySign"; readonly what: string }

export function checkBinding(directory: Directory, { holder: id, use, accounts, from, until }: WantedBinding, now: number): Result<CheckedBinding, BindingProblem> {
  const holder = directory.principal(id)
  if (!holder) return failed({ kind: "noHolder", what: id })
  // an organization's certificate is no person's, whoever keeps the token
  if ((use === "organizational") !== (holder.kind === "organization")) return failed({ kind: holder.kind === "organization" ? "notForOrganization" : "notForPerson", what: holder.id })
  for (const day of [from, until]) if (day !== null && !isDate(day)) return failed({ kind: "notDate", what: day })
  if (from !== null && until !== null && until < from) return failed({ kind: "backwards", what: until })
  const rights = directory.assignmentsOfPrincipal(holder.id, now)
  const addresses = new Set<string>()
  for (const written of accounts) {
    const target = directory.resolve(written)
    if (target.kind !== "account") return failed({ kind: "noAccount", what: written })
    const { id: accountId, address, kind } = target.account
    if (!rights.some((assignment) => assignment.accountId === accountId && givesSigning(assignment.rights, kind))) return failed({ kind: "maySign", what: address })
    addresses.add(address)
  }
  return ok({ principalId: holder.id, use, accounts: [...addresses].toSorted(), from, until })
}

/** What is said of each, with `{what}` in it. */
export const bindingProblemText = {
  noHolder: { vi: "Không có người giữ nào mang mã {what}.", en: "There is no holder {what}." },
  notForOrganization: { vi: "{what} là tổ chức: chứng thư của tổ chức là loại Tổ chức.", en: "{what} is an organization: its certificates are organizational." },
  notForPerson: { vi: "{what} là cá nhân: chứng thư là loại Cá nhân hoặc Ký di động.", en: "{what} is a person: their certificates are personal or mobile." },
  notDate: { vi: "“{what}” không phải là ngày.", en: "“{what}” is no date." },
  backwards: { vi: "Ngày cuối {what} trước ngày đầu.", en: "The last day {what} is before the first." },
  noAccount: { vi: "Không có hộp thư {what}.", en: "There is no mailbox {what}." },
  maySign: { vi: "Người giữ hiện không được ký thay {what}.", en: "The holder may not sign for {what} today." },
} as const satisfies Readonly<Record<BindingProblem["kind"], Words>>
