import type { Failure, FailureKind } from "../mail/failure.ts"
import type { Reply } from "./command.ts"

/** What each kind of failure is called in IMAP: response codes of RFC 5530 §3, RFC 9208 §4.3.1, RFC 4469 §3 (TOOBIG is used as in RFC 4469 and RFC 7889 §6). */
export const responseCodes = {
  notFound: "NONEXISTENT",
  alreadyExists: "ALREADYEXISTS",
  overQuota: "OVERQUOTA",
  tooBig: "TOOBIG",
  noPermission: "NOPERM",
  inUse: "INUSE",
  expunged: "EXPUNGEISSUED",
  limit: "LIMIT",
  unavailable: "UNAVAILABLE",
  invalid: "CANNOT",
  policy: "CONTACTADMIN",
} as const satisfies Record<FailureKind, string>

/** The tagged NO that a failure of the store becomes. */
export const noFrom = (failure: Failure): Reply => ({ kind: "no", code: responseCodes[failure.kind], text: failure.detail })

/** RFC 3501 §6.3.11, §6.4.7: a missing target of APPEND and COPY is answered so that the client may create it. */
export const noTarget = (failure: Failure): Reply =>
  failure.kind === "notFound" ? { kind: "no", code: "TRYCREATE", text: failure.detail } : noFrom(failure)
