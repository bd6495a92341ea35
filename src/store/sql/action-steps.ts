import type { ActionStep } from "../../accounts/provision/guided/steps.ts"
import { giveOneTimePassword } from "./bulk-apply.ts"
import { readAccountId } from "./directory-records.ts"
import type { Edit } from "./edit.ts"

/** How each step of a guided action is done and taken back. Taking back looks whether what was left is still so: false when it is not. */
export async function doStep({ tx, today }: Edit, step: ActionStep, hash: string): Promise<void> {
  const run = (text: string, values: readonly unknown[]): Promise<unknown> => tx.query({ text }, values)
  switch (step.step) {
    case "movePerson":
      return void (await run("UPDATE principal SET unit_code = $2 WHERE id = $1", [step.principalId, step.to]))
    case "setTitle":
      return void (await run("UPDATE principal SET title = $2 WHERE id = $1", [step.principalId, step.to]))
    case "moveAccount":
      return void (await run("UPDATE account SET unit_code = $2 WHERE address = $1", [step.address, step.to]))
    case "renameAccount":
      await rename(tx, step.address, step.to)
      return void (await run("INSERT INTO alias (address, account_id, expires_on) SELECT $1, id, $3::date FROM account WHERE address = $2", [step.address, step.to, step.until]))
    case "leaveGroup":
      return void (await run("DELETE FROM mail_group_member WHERE group_address = $1 AND member_address = $2", [step.group, step.address]))
    case "joinGroup":
      return void (await run("INSERT INTO mail_group_member (group_address, member_address) VALUES ($1, $2) ON CONFLICT DO NOTHING", [step.group, step.address]))
    case "suspendPerson":
      return void (await run("UPDATE principal SET suspended_at = clock_timestamp() WHERE id = $1", [step.principalId]))
    case "suspendAccount":
      return void (await run("UPDATE account SET suspended_at = clock_timestamp(), archive_on = $2::date WHERE address = $1", [step.address, step.archiveOn]))
    case "archiveAccount":
      return void (await run("UPDATE account SET archive_on = $2::date WHERE address = $1", [step.address, step.archiveOn]))
    case "endAssignment":
      // one that has not begun is taken away: it would end before it begins
      await run(`DELETE FROM assignment s USING account a WHERE a.id = s.account_id AND a.address = $1 AND s.principal_id = $2 AND s.valid_from >= $3::date`, [step.address, step.principalId, today])
      return void (await run(`UPDATE assignment s SET valid_until = $3::date - 1 FROM account a WHERE a.id = s.account_id AND a.address = $1 AND s.principal_id = $2`, [step.address, step.principalId, today]))
    case "giveOwner":
      return void (await run(
        `INSERT INTO assignment (account_id, principal_id, rights, valid_from) SELECT id, $2, ARRAY['owner'], $3::date FROM account WHERE address = $1
          ON CONFLICT (account_id, principal_id) DO UPDATE SET rights = ARRAY['owner'], valid_from = excluded.valid_from, valid_until = NULL`, [step.address, step.principalId, today],
      ))
    case "nameAccount":
      return void (await run("UPDATE account SET display_name = $2 WHERE address = $1", [step.address, step.to]))
    case "newPassword": {
      const accountId = await readAccountId(tx, step.address)
      if (accountId === undefined) throw new Error("an account went while it was locked")
      // app passwords too: all but those of people who still hold the account, such as an office's other readers
      await run(
        `UPDATE credential c SET revoked_at = clock_timestamp() WHERE c.account_id = $1 AND c.kind = 'appPassword' AND c.revoked_at IS NULL AND NOT EXISTS (
          SELECT FROM assignment s WHERE s.account_id = c.account_id AND s.principal_id = c.principal_id AND (s.valid_until IS NULL OR s.valid_until >= $2::date))`, [accountId, today],
      )
      return giveOneTimePassword({ tx, today }, accountId, hash)
    }
  }
}

export async function undoStep({ tx, today }: Edit, step: ActionStep): Promise<boolean> {
  const changed = async (text: string, values: readonly unknown[]): Promise<boolean> => (await tx.query({ text: `${text} RETURNING 1` }, values)).length > 0
  switch (step.step) {
    case "movePerson":
      return changed("UPDATE principal SET unit_code = $2 WHERE id = $1 AND unit_code = $3", [step.principalId, step.from, step.to])
    case "setTitle":
      return changed("UPDATE principal SET title = $2 WHERE id = $1 AND title = $3", [step.principalId, step.from, step.to])
    case "moveAccount":
      return changed("UPDATE account SET unit_code = $2 WHERE address = $1 AND unit_code = $3", [step.address, step.from, step.to])
    case "renameAccount":
      if (!(await changed("DELETE FROM alias l USING account a WHERE a.id = l.account_id AND l.address = $1 AND a.address = $2", [step.address, step.to]))) return false
      return rename(tx, step.to, step.address)
    case "leaveGroup":
      return changed("INSERT INTO mail_group_member (group_address, member_address) SELECT $1, $2 WHERE EXISTS (SELECT FROM mail_group WHERE address = $1) ON CONFLICT (group_address, member_address) DO UPDATE SET member_address = excluded.member_address", [step.group, step.address])
    case "joinGroup":
      return changed("DELETE FROM mail_group_member WHERE group_address = $1 AND member_address = $2", [step.group, step.address])
    case "suspendPerson":
      return changed("UPDATE principal SET suspended_at = NULL WHERE id = $1 AND suspended_at IS NOT NULL", [step.principalId])
    case "suspendAccount":
      return changed("UPDATE account SET suspended_at = NULL, archive_on = NULL WHERE address = $1 AND suspended_at IS NOT NULL AND archived_at IS NULL", [step.address])
    case "archiveAccount":
      return changed("UPDATE account SET archive_on = NULL WHERE address = $1 AND suspended_at IS NOT NULL AND archive_on = $2::date AND archived_at IS NULL", [step.address, step.archiveOn])
    case "endAssignment":
      return changed(
        `INSERT INTO assignment AS s (account_id, principal_id, rights, valid_from, valid_until) SELECT id, $2, $3::text[], $4::date, $5::date FROM account WHERE address = $1
          ON CONFLICT (account_id, principal_id) DO UPDATE SET valid_until = excluded.valid_until WHERE s.rights = excluded.rights AND s.valid_until < $6::date`, [step.address, step.principalId, step.rights, step.from, step.until, today],
      )
    case "giveOwner":
    case "nameAccount":
    case "newPassword":
      return false
  }
}

/** Whatever names an account by its address follows. Other rows know it by its number. */
async function rename(tx: Edit["tx"], from: string, to: string): Promise<boolean> {
  const renamed = await tx.query({ text: "UPDATE account SET address = $2 WHERE address = $1 RETURNING 1" }, [from, to])
  await tx.query({ text: "UPDATE mail_group_member m SET member_address = $2 WHERE member_address = $1 AND NOT EXISTS (SELECT FROM mail_group_member o WHERE o.group_address = m.group_address AND o.member_address = $2)" }, [from, to])
  await tx.query({ text: "UPDATE mail_group SET allowed_senders = array_replace(allowed_senders, $1, $2), moderators = array_replace(moderators, $1, $2) WHERE $1 = ANY (allowed_senders) OR $1 = ANY (moderators)" }, [from, to])
  await tx.query({ text: "UPDATE held_message SET approvers = array_replace(approvers, $1, $2), notify = array_replace(notify, $1, $2) WHERE decision IS NULL AND ($1 = ANY (approvers) OR $1 = ANY (notify))" }, [from, to])
  // the old address may be somebody else's one day
  await tx.query({ text: "UPDATE forwarding SET target = $2 WHERE target = $1" }, [from, to])
  return renamed.length > 0
}
