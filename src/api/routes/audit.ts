import { z } from "zod"
import { provinceDate } from "../../accounts/province-date.ts"
import type { Clock } from "../../base/clock.ts"
import { type AuditChain, type AuditFilter, type AuditStore, type ListedEntry, lookedAt, maxAuditPage } from "../../store/audit-store.ts"
import { auditFile } from "../../store/audit/audit-file.ts"
import { headLine } from "../../store/audit/head.ts"
import { entriesAnswer, headAnswer } from "../answers/audit.ts"
import { address, id, limit, time } from "../fields.ts"
import { answered, refused, type Route, route } from "../route.ts"

/** The audit over HTTP, to be read and never written. */
export interface AuditRoutesParts {
  readonly audit: Pick<AuditStore, "list" | "reach" | "accessesOf" | "export" | "record">
  readonly chain: Pick<AuditChain, "lastHead">
  /** The account of an address or alias; undefined when there is none. */
  readonly accountOf: (address: string) => number | undefined
  readonly clock: Clock
}

const page = { limit: limit(maxAuditPage, 100), before: id.optional() }
const word = z.string().min(1).max(320)

const filterFields = { kind: z.string().regex(/^[A-Za-z.]{1,64}\*?$/, "is no kind such as signIn.failed, or signIn.*").optional(), who: word.optional(), account: address.optional(), since: time.optional(), until: time.optional(), text: word.optional() }

export function auditRoutes({ audit, chain, accountOf, clock }: AuditRoutesParts): readonly Route[] {
  /** Undefined when there is no such account. */
  const filterOf = ({ account, kind, who, since, until, text }: z.output<z.ZodObject<typeof filterFields>>): AuditFilter | undefined => {
    const accountId = account === undefined ? undefined : accountOf(account)
    if (account !== undefined && accountId === undefined) return undefined
    return {
      ...(kind !== undefined && { kind }), ...(who !== undefined && { who }), ...(accountId !== undefined && { accountId }), ...(since !== undefined && { since }),
      ...(until !== undefined && { until }), ...(text !== undefined && { text }),
    }
  }
  return [
    route({
      method: "get", path: "/audit", scope: "audit:read", input: z.strictObject({ ...filterFields, ...page }), output: entriesAnswer,
      summary: "Entries of the audit that fit all of the filters, newest first; the next page is `before` `next`, and a page may have none where a search has much to look through. Acceptances of messages only with kind=message.accepted.",
      async run({ limit, before, ...entered }) {
        const filter = filterOf(entered)
        if (!filter) return shownPage([], limit)
        const from = before === undefined ? {} : { before }
        const reached = await audit.reach(filter, { entries: lookedAt(filter), ...from })
        return shownPage(await audit.list(filter, { limit, ...from, ...(reached !== undefined && { after: reached - 1 }) }), limit, reached)
      },
    }),
    route({
      method: "get", path: "/audit/export", scope: "audit:read", summary: "All entries that fit, the oldest first, as one file; that it was taken is in the audit.", input: z.strictObject({ ...filterFields, form: z.enum(["csv", "json"]).default("json") }), output: z.string(), givesFile: ["application/x-ndjson", "text/csv"],
      async run({ form, ...entered }) {
        const filter = filterOf(entered)
        if (!filter) return refused({ kind: "notFound" })
        await audit.record({ kind: "audit.exported", accountId: filter.accountId ?? null, detail: { filter: entered, form } })
        return { kind: "file", ...auditFile(audit.export(filter), form, provinceDate(clock.now())) }
      },
    }),
    route({
      method: "get", path: "/audit/head", scope: "audit:read", summary: "The last signed head of the audit's chain, to be kept elsewhere.", input: z.strictObject({}), output: headAnswer,
      async run() {
        const head = await chain.lastHead()
        return head ? answered(JSON.parse(headLine(head))) : refused({ kind: "notFound" })
      },
    }),
    route({
      method: "get", path: "/audit/accesses", scope: "audit:read", summary: "Who else than its owner came into an account, newest first.", input: z.strictObject({ account: address, ...page }), output: entriesAnswer,
      async run({ account, limit, before }) {
        const accountId = accountOf(account)
        if (accountId === undefined) return refused({ kind: "notFound" })
        return shownPage(await audit.accessesOf(accountId, { limit, ...(before !== undefined && { before }) }), limit)
      },
    }),
  ]
}

/** A page that is not full goes on where its search has stopped. */
const shownPage = (entries: readonly ListedEntry[], limit: number, reached?: number) => answered({ entries, next: entries.length === limit ? (entries.at(-1)?.id ?? null) : (reached ?? null) })
