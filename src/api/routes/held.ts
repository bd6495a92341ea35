import { z } from "zod"
import type { AuditRecorder } from "../../accounts/audit-record.ts"
import type { ContentRef } from "../../store/content-store.ts"
import type { HeldDesk } from "../../store/held-desk.ts"
import type { HeldMessage, Released } from "../../store/held-store.ts"
import type { MessagePreview } from "../../store/message-preview.ts"
import type { ShownHeader } from "../../store/shown-header.ts"
import { copiesAnswer, decidedAnswer, heldAnswer, heldContentAnswer, heldListAnswer } from "../answers/held.ts"
import { id, limit, shownTime, truth, why } from "../fields.ts"
import { answered, refused, type Route, route } from "../route.ts"
import { heldText } from "../text/problem.ts"
import { scopeOfToken, tokenName } from "../token-scope.ts"

/** Messages that wait for a person, over HTTP: facts for all who may look, what they say for those who may decide; whoever reads that is in the audit. */
export interface HeldRoutesParts {
  readonly held: HeldDesk
  readonly header: (content: ContentRef) => Promise<ShownHeader>
  readonly preview: (content: ContentRef) => Promise<MessagePreview>
  readonly audit: AuditRecorder
  /** Tells the workers what is due now; must not throw. */
  readonly wake: (deliveries: Released) => void
}

const input = z.strictObject({ id })

export function heldRoutes({ held, header, preview, audit, wake }: HeldRoutesParts): readonly Route[] {
  return [
    route({
      method: "get", path: "/held", scope: "held:read", summary: "Messages that wait, the oldest first; with `decided` those that were decided, the newest first.",
      input: z.strictObject({ decided: truth.default(false), kind: z.enum(["approval", "quarantine"]).optional(), text: z.string().trim().min(1).max(200).describe("A part of the sender, a recipient, the rule or the Message-ID.").optional(), after: id.optional(), limit: limit(200, 50) }), output: heldListAnswer,
      async run({ decided, kind, text, after, limit: most }, caller) {
        const scope = scopeOfToken(caller, "held:read")
        const [rows, waiting] = await Promise.all([held.list(scope, { decided, ...(kind !== undefined && { kind }), ...(text !== undefined && { text }) }, { limit: most, ...(after !== undefined && { after }) }), held.waiting(scope)])
        return answered({ messages: rows.map(shown), waiting, next: rows.length === most ? (rows.at(-1)?.envelopeId ?? null) : null })
      },
    }),
    route({
      method: "get", path: "/held/:id", scope: "held:read", summary: "The facts of one, by the number of its envelope.", input, output: heldAnswer,
      async run({ id: envelopeId }, caller) {
        const message = await held.find(scopeOfToken(caller, "held:read"), envelopeId)
        return message ? answered(shown(message)) : refused({ kind: "notFound" })
      },
    }),
    route({
      method: "get", path: "/held/:id/content", scope: "held:decide", summary: "What it says, as text; that it was read is in the audit.", input, output: heldContentAnswer,
      async run({ id: envelopeId }, caller) {
        const message = await held.find(scopeOfToken(caller, "held:decide"), envelopeId)
        if (!message) return refused({ kind: "notFound" })
        await audit.record({ kind: "access.heldMessageRead", envelopeId, detail: { by: tokenName(caller) } })
        const [{ subject, from }, { text, cut, attachments }] = await Promise.all([header(message.content), preview(message.content)])
        return answered({ envelopeId, subject, from, text, cut, attachments })
      },
    }),
    route({
      method: "get", path: "/held/:id/copies", scope: "held:read", summary: "Its copies, of the recipients that the token may see, undecided ones first.", input: z.strictObject({ id, limit: limit(1_000, 200) }), output: copiesAnswer,
      async run({ id: envelopeId, limit: most }, caller) {
        const scope = scopeOfToken(caller, "held:read")
        if (!(await held.find(scope, envelopeId))) return refused({ kind: "notFound" })
        return answered({ copies: (await held.copies(scope, envelopeId, most)).map(({ deliveryId, recipient, state }) => ({ deliveryId, recipient, state })) })
      },
    }),
    ...(["release", "refuse"] as const).map((decision) =>
      route({
        method: "post", path: `/held/:id/${decision}`, scope: "held:decide", summary: decision === "release" ? "It goes its way." : "It fails; its sender is told, with the reason.", output: decidedAnswer,
        input: z.strictObject({ id, deliveryIds: z.array(id).min(1).max(1_000).describe("Only these copies; absent: all that the token may decide on.").optional(), why: why.min(1) }),
        async run({ id: envelopeId, deliveryIds, why: note }, caller) {
          const scope = scopeOfToken(caller, "held:decide")
          const result = await held[decision](scope, { envelopeId, ...(deliveryIds && { deliveryIds }) }, { by: tokenName(caller), note })
          if (!result.ok) return refused(result.failure.kind === "notFound" ? { kind: "notFound" } : result.failure.kind === "noPermission" ? { kind: "forbidden", detail: heldText.moderated } : { kind: "conflict", detail: heldText.decided })
          if (result.value) wake(result.value)
          return answered({ envelopeId, decision: decision === "release" ? "released" : "refused" })
        },
      }),
    ),
  ]
}

const shown = ({ envelopeId, kind, ruleId, reasonVi, reasonEn, messageId, reversePath, recipients, recipientCount, size, heldAt, recipientsMayRelease, decision, decidedAt, decidedBy, note }: HeldMessage) => ({
  envelopeId, kind, ruleId, reasonVi, reasonEn, messageId, reversePath, recipients, recipientCount, size, heldAt: shownTime(heldAt), recipientsMayRelease, decision, decidedAt: shownTime(decidedAt), decidedBy, note,
})
