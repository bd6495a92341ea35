import { z } from "zod"
import { presentProtocols } from "../../store/presence.ts"
import { apiScopes } from "../../accounts/api-token.ts"
import { instant, number } from "../fields.ts"

/** What the API answers of who is connected, who must wait, tokens, and the dashboard. */
export const sessionsAnswer = z.strictObject({
  sessions: z.array(z.strictObject({ protocol: z.enum(presentProtocols), process: z.string(), id: z.string(), account: z.string(), principal: z.string().nullable(), clientAddress: z.string(), clientId: z.string(), tls: z.string().nullable(), since: instant })),
  total: number, next: number.nullable().describe("The `cursor` of the next page; null: this is the last."),
})
export const endedAnswer = z.strictObject({ ended: z.string() })

export const lockoutsAnswer = z.strictObject({ lockouts: z.array(z.strictObject({ id: number, kind: z.enum(["signIn", "api"]), network: z.string(), name: z.string(), failures: number, since: instant, until: instant })) })
export const stoppedAnswer = z.strictObject({ accounts: z.array(z.strictObject({ accountId: number, address: z.string(), since: instant, messages: number.describe("That wait for a decision."), reasonVi: z.string(), reasonEn: z.string() })) })
export const liftedAnswer = z.strictObject({ lifted: number })

export const tokensAnswer = z.strictObject({
  tokens: z.array(z.strictObject({
    id: number, name: z.string(), scopes: z.array(z.enum(apiScopes)), unitCode: z.string().nullable(), accountId: number.nullable(), principalId: z.string().nullable(), webhook: z.boolean(), createdAt: instant, createdBy: z.string(), expiresAt: instant.nullable(),
    lastUsedAt: instant.nullable(), revokedAt: instant.nullable(),
  })),
})
export const revokedAnswer = z.strictObject({ revoked: number })

const mail = { received: number, receivedSigned: number, receivedTls: number, submitted: number, submittedSigned: number, relayed: number, relayedTls: number }
const period = z.strictObject({ start: z.string(), ...mail })
const check = z.strictObject({ name: z.string(), ok: z.boolean(), detail: z.string(), warning: z.boolean() })
export const liveAnswer = z.strictObject({
  at: instant, today: z.strictObject(mail), queue: z.strictObject({ waiting: number, held: number, oldestMs: z.number() }), failedSignIns: number,
  storage: z.strictObject({ contents: number, contentBytes: number, mailboxBytes: number }).nullable(), roles: z.array(z.strictObject({ role: z.string(), ok: z.boolean(), since: instant.nullable(), checks: z.array(check) })),
})
export const overviewAnswer = z.strictObject({
  units: z.strictObject({ accounts: number, holders: number, mailboxBytes: number, certificatesEnding: number }),
  province: z.strictObject({ licences: z.strictObject({ accounts: number, holders: number }), live: liveAnswer, days: z.array(period), weeks: z.array(period) }).nullable().describe("Null for a token for one unit."),
})
