import { provinceDate } from "../../accounts/province-date.ts"
import { seenTag } from "../../accounts/provision/records.ts"
import { type ActionStep, canBeUndone, stepsTag } from "../../accounts/provision/guided/steps.ts"
import { ok } from "../../base/result.ts"
import type { ActionOnRecord, DirectoryActions, GuidedAction } from "../directory-actions.ts"
import { type KeepingRules, planAction, type PlannedAction, undoProblem } from "./action-facts.ts"
import { doStep, undoStep } from "./action-steps.ts"
import { giveOneTimePassword } from "./bulk-apply.ts"
import type { OneTimePasswords } from "./bulk-parts.ts"
import { type EditorParts, inDirectory, lockDirectory, nextVersion } from "./directory-editor.ts"
import { readAccount } from "./directory-records.ts"
import { seenAccount } from "./edit-accounts.ts"
import { type Edit, note, ownersProblem, refuse } from "./edit.ts"
import { inScope, scopeValue } from "./scope.ts"

export interface ActionParts extends EditorParts {
  readonly keeping: KeepingRules
  readonly oneTimePasswords: OneTimePasswords
}

/** Guided actions in PostgreSQL. */
export function createDirectoryActions(parts: ActionParts): DirectoryActions {
  const { database, clock, mailboxes, addressRule, keeping, feed } = parts
  return {
    plan: (action, { scope }) =>
      database.transaction(async (tx) => {
        const planned = await planAction({ tx, scope, today: provinceDate(clock.now()), mailboxes, addressRule }, action, keeping)
        return planned.ok ? ok({ steps: planned.value.steps, seen: stepsTag(planned.value.steps), undoable: canBeUndone(planned.value.steps) }) : planned
      }),
    async apply(action, seen, by) {
      const password = parts.oneTimePasswords()
      const done = await inDirectory(parts, by, async (edit) => {
        const planned = await planAction(edit, action, keeping)
        if (!planned.ok) return planned
        const { steps } = planned.value
        if (stepsTag(steps) !== seen) return refuse("inUse", "stale")
        return ok({ id: await doPlanned(edit, action.kind, planned.value, password.hash), steps })
      })
      if (!done.ok) return done
      const { id, steps } = done.value.value
      return ok({ id, version: done.value.version, oneTimePassword: steps.some(({ step }) => step === "newPassword") ? password.text : null })
    },
    async undo(id, by) {
      const done = await inDirectory(parts, by, async (edit) => {
        const [action] = await edit.tx.query<{ kind: string; subject: string; unitCode: string; steps: readonly ActionStep[]; undone: boolean }>(findAction, [id])
        if (!action) return refuse("notFound", "hasGone")
        const problem = await undoProblem(edit, action)
        if (problem && !problem.ok) return problem
        if (action.undone) return refuse("invalid", "alreadySo")
        if (!canBeUndone(action.steps)) return refuse("invalid", "cannotBeUndone")
        for (const step of action.steps.toReversed()) if (!(await undoStep(edit, step))) return refuse("inUse", "stale")
        await edit.tx.query({ text: "UPDATE directory_action SET undone_at = clock_timestamp() WHERE id = $1" }, [id])
        await note(edit, { kind: `${action.kind}.undone`, key: action.subject, more: { action: id, steps: action.steps } })
        return ok(undefined)
      })
      return done.ok ? ok({ version: done.value.version }) : done
    },
    async resetPassword(address, { keepAppPasswords }, by) {
      const password = parts.oneTimePasswords()
      const done = await inDirectory(parts, by, async (edit) => {
        const before = await readAccount(edit.tx, address)
        const found = before ? await seenAccount(edit, address, seenTag(before)) : refuse("notFound", "noAccount", { values: { value: address } })
        if (!found.ok) return found
        const problem = await ownersProblem(edit, found.value.accountId)
        if (problem && !problem.ok) return problem
        await giveOneTimePassword(edit, found.value.accountId, password.hash)
        if (!keepAppPasswords) await edit.tx.query(endAppPasswords, [found.value.accountId, edit.today])
        return ok(undefined)
      })
      return done.ok ? ok({ oneTimePassword: password.text }) : done
    },
    async history(subject, { scope }) {
      const rows = await database.query<Omit<ActionOnRecord, "undoable">>(historyOf, [scopeValue(scope), subject])
      return rows.map((row) => ({ ...row, undoable: row.undoneAt === null && canBeUndone(row.steps) }))
    },
    async upkeep() {
      const today = provinceDate(clock.now())
      const done = await database.transaction(async (tx) => {
        const [due] = await tx.query<{ due: boolean }>(anythingDue, [today])
        if (due?.due !== true) return { archived: 0, addresses: 0, version: null }
        await lockDirectory(tx)
        const archived = await tx.query(archive, [today])
        const addresses = await tx.query(expire, [today])
        return { archived: archived.length, addresses: addresses.length, version: archived.length + addresses.length > 0 ? await nextVersion(tx) : null }
      })
      if (done.version !== null) feed.publish([{ kind: "directory", version: done.version }])
      return { archived: done.archived, addresses: done.addresses }
    },
  }
}

/** Puts it on record, and does it. */
export async function doPlanned(edit: Edit, kind: GuidedAction["kind"], { steps, subject, unitCode }: PlannedAction, passwordHash: string): Promise<number> {
  const [row] = await edit.tx.query<{ id: number }>(insertAction, [kind, subject, unitCode, JSON.stringify(steps)])
  for (const step of steps) {
    await doStep(edit, step, passwordHash)
    await note(edit, { kind: `${kind}.${step.step}`, key: subject, more: { action: row?.id, ...step } })
  }
  return row?.id ?? 0
}

const insertAction = { name: "insert-action", text: "INSERT INTO directory_action (kind, subject, unit_code, steps) VALUES ($1, $2, $3, $4) RETURNING id" }
const findAction = { name: "find-action", text: `SELECT kind, subject, unit_code AS "unitCode", steps, undone_at IS NOT NULL AS undone FROM directory_action WHERE id = $1` }
const historyOf = {
  name: "actions-of",
  text: `SELECT id, kind, subject, steps, (extract(epoch FROM done_at) * 1000)::bigint AS "doneAt", (extract(epoch FROM undone_at) * 1000)::bigint AS "undoneAt"
    FROM directory_action WHERE subject = $2 AND ${inScope("unit_code", "$1")} ORDER BY id DESC LIMIT 100`,
}

const anythingDue = { name: "action-due", text: "SELECT EXISTS (SELECT FROM account WHERE archive_on <= $1::date AND archived_at IS NULL AND suspended_at IS NOT NULL) OR EXISTS (SELECT FROM alias WHERE expires_on <= $1::date) AS due" }

/** Its content stays sealed where it is; nothing opens it, and no group holds it any more. */
const endAppPasswords = {
  name: "action-end-app-passwords",
  text: `
    WITH c AS (
      UPDATE credential c SET revoked_at = clock_timestamp() WHERE account_id = $1 AND kind = 'appPassword' AND revoked_at IS NULL AND NOT EXISTS (
        SELECT FROM assignment s WHERE s.account_id = $1 AND s.principal_id = c.principal_id AND 'owner' <> ALL (s.rights) AND (s.valid_until IS NULL OR s.valid_until >= $2::date)) RETURNING id, principal_id, kind
    )
    INSERT INTO audit (kind, principal_id, account_id, detail) SELECT 'credential.revoked', principal_id, $1, jsonb_build_object('credentialId', id, 'kind', kind, 'why', 'password reset') FROM c`,
}
const archive = {
  name: "action-archive",
  text: `
    WITH a AS (UPDATE account SET archived_at = clock_timestamp() WHERE archive_on <= $1::date AND archived_at IS NULL AND suspended_at IS NOT NULL RETURNING id, address, archive_on),
    c AS (UPDATE credential SET revoked_at = clock_timestamp() WHERE revoked_at IS NULL AND account_id IN (SELECT id FROM a)),
    m AS (DELETE FROM mail_group_member WHERE member_address IN (SELECT address FROM a UNION SELECT l.address FROM alias l JOIN a ON a.id = l.account_id)),
    n AS (INSERT INTO audit (kind, account_id, detail) SELECT 'account.archived', id, jsonb_build_object('key', address, 'archiveOn', archive_on) FROM a)
    SELECT id FROM a`,
}
const expire = {
  name: "action-expire",
  text: `WITH l AS (DELETE FROM alias WHERE expires_on <= $1::date RETURNING address, account_id, expires_on),
    n AS (INSERT INTO audit (kind, account_id, detail) SELECT 'alias.expired', account_id, jsonb_build_object('key', address, 'expiresOn', expires_on) FROM l)
    SELECT address FROM l`,
}
