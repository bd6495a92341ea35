import { z } from "zod"
import type { CredentialStore, CredentialSummary } from "../../../accounts/credential.ts"
import type { FactorHolder, FactorResets } from "../../../accounts/factors/factor-store.ts"
import type { DirectoryHistory, HistoryEntry, HistoryObject } from "../../../store/directory-history.ts"
import type { DirectoryView } from "../../../store/directory-view.ts"
import type { ForwardingStore } from "../../../store/forwarding-store.ts"
import type { Scope } from "../../../accounts/administrator.ts"
import type { Result } from "../../../base/result.ts"
import type { Failure } from "../../../mail/failure.ts"
import { removedAnswer } from "../../answers/directory.ts"
import { credentialsAnswer, factorHoldersAnswer, forwardingAnswer, historyAnswer } from "../../answers/directory-actions.ts"
import { id, limit, shownTime } from "../../fields.ts"
import { answered, refused, type Route, route } from "../../route.ts"
import { factorText } from "../../text/problem.ts"
import { scopeOfToken, tokenName } from "../../token-scope.ts"
import { address, key, problemOfFailure } from "./shared.ts"

/** Beside the records of the directory: what opens an account, where its mail goes on to, lost second factors, and what was done to whom. */
export interface AccountAccessParts {
  readonly view: DirectoryView
  readonly history: DirectoryHistory
  readonly forwarding: Pick<ForwardingStore, "get" | "end">
  readonly credentials: Pick<CredentialStore, "list" | "revoke">
  readonly resets: FactorResets
  /** Whoever changed something finds it changed. */
  readonly changed: () => Promise<void>
}

export function accountAccessRoutes({ view, history, forwarding, credentials, resets, changed }: AccountAccessParts): readonly Route[] {
  const historyOf = (kind: HistoryObject["kind"], path: string, find: (scope: Scope, one: string) => Promise<Result<unknown, Failure>>): Route =>
    route({
      method: "get", path: `/directory/${path}/:key/history`, scope: "directory:read", summary: "What was done to it, from the audit, the newest first.", input: z.strictObject({ key: kind === "account" || kind === "group" ? address : key, limit: limit(200, 50) }), output: historyAnswer,
      async run({ key: one, limit: most }, caller) {
        const found = await find(scopeOfToken(caller, "directory:read"), one)
        return found.ok ? answered({ entries: (await history.of({ kind, key: one }, most)).map(shownEntry) }) : refused(problemOfFailure(found.failure))
      },
    })
  return [
    historyOf("unit", "units", (scope, one) => view.unit(scope, one)), historyOf("person", "principals", (scope, one) => view.person(scope, one)),
    historyOf("account", "accounts", (scope, one) => view.account(scope, one)), historyOf("group", "groups", (scope, one) => view.group(scope, one)),
    route({
      method: "get", path: "/directory/accounts/:address/forwarding", scope: "directory:read", summary: "Where its holder has its mail go on to.", input: z.strictObject({ address }), output: forwardingAnswer,
      async run({ address: one }, caller) {
        const account = await view.account(scopeOfToken(caller, "directory:read"), one)
        if (!account.ok) return refused(problemOfFailure(account.failure))
        const found = await forwarding.get(account.value.id)
        return found ? answered({ target: found.target, keepCopy: found.keepCopy, principalId: found.principalId, setAt: shownTime(found.setAt) }) : refused({ kind: "notFound" })
      },
    }),
    route({
      method: "delete", path: "/directory/accounts/:address/forwarding", scope: "directory:write", summary: "Its mail stays in it from the next message on. Setting it is its holder's.", input: z.strictObject({ address }), output: removedAnswer,
      async run({ address: one }, caller) {
        const account = await view.account(scopeOfToken(caller, "directory:write"), one)
        if (!account.ok) return refused(problemOfFailure(account.failure))
        const ended = await forwarding.end(account.value.id)
        if (ended === undefined) return refused({ kind: "notFound" })
        await changed()
        return answered({ removed: one })
      },
    }),
    route({
      method: "get", path: "/directory/accounts/:address/credentials", scope: "directory:read", summary: "What opens it, and when that was last used; never the secrets.", input: z.strictObject({ address }), output: credentialsAnswer,
      async run({ address: one }, caller) {
        const account = await view.account(scopeOfToken(caller, "directory:read"), one)
        return account.ok ? answered({ credentials: (await credentials.list(account.value.id)).map(shownCredential) }) : refused(problemOfFailure(account.failure))
      },
    }),
    route({
      method: "delete", path: "/directory/accounts/:address/credentials/:id", scope: "directory:write", summary: "Revokes an app password.", input: z.strictObject({ address, id }), output: removedAnswer,
      async run({ address: one, id: number }, caller) {
        const account = await view.account(scopeOfToken(caller, "directory:write"), one)
        if (!account.ok) return refused(problemOfFailure(account.failure))
        const isApp = (await credentials.list(account.value.id)).some((credential) => credential.id === number && credential.kind === "appPassword")
        return isApp && (await credentials.revoke(account.value.id, number)) ? answered({ removed: String(number) }) : refused({ kind: "notFound" })
      },
    }),
    route({
      method: "get", path: "/second-factors", scope: "directory:read", summary: "People who have second factors, and whose name or address has this in it.", input: z.strictObject({ text: z.string().max(200).default(""), limit: limit(200, 50) }), output: factorHoldersAnswer,
      run: async ({ text, limit: most }, caller) => answered({ people: (await resets.search(scopeOfToken(caller, "directory:read"), text.trim(), most)).map(shownHolder) }),
    }),
    route({
      method: "post", path: "/second-factors/reset", scope: "directory:write", summary: "Takes all second factors of somebody away, and ends the sessions. Not of administrators: that is the console's.", output: removedAnswer,
      input: z.strictObject({ accountId: id, principalId: z.string().max(64).nullable().describe("As the list has it.") }),
      async run({ accountId, principalId }, caller) {
        const result = await resets.reset({ scope: scopeOfToken(caller, "directory:write"), owner: { accountId, principalId }, ofAdministrators: false, by: tokenName(caller) })
        if (result === "done") return answered({ removed: principalId ?? String(accountId) })
        return refused(result === "none" ? { kind: "notFound" } : { kind: "forbidden", detail: factorText.administrator })
      },
    }),
  ]
}

const shownEntry = ({ id: number, at, kind, by, detail }: HistoryEntry) => ({ id: number, at: shownTime(at), kind, by, detail })

const shownCredential = ({ id: number, kind, principalId, label, createdAt, lastUsedAt, lastUsedFrom }: CredentialSummary) => ({ id: number, kind, principalId, label, createdAt: shownTime(createdAt), lastUsedAt: shownTime(lastUsedAt), lastUsedFrom })

const shownHolder = ({ accountId, principalId, address: of, name, unitName, factors, lastUsedAt, administrator }: FactorHolder) => ({ accountId, principalId, address: of, name, unitName, factors, lastUsedAt: shownTime(lastUsedAt), administrator })
