import type { Scope } from "../../accounts/administrator.ts"
import type { DirectoryChange } from "../../accounts/provision/changes.ts"
import { problemsOf } from "../../accounts/provision/check-change.ts"
import { isReserved } from "../../accounts/provision/reserved-names.ts"
import { seenTag } from "../../accounts/provision/records.ts"
import { failed, ok, type Result } from "../../base/result.ts"
import type { Refusal } from "../directory-editor.ts"
import type { NewScimUser, ScimGroup, ScimStore, ScimUser, WantedGroup, WantedUser } from "../scim-store.ts"
import { planAction } from "./action-facts.ts"
import { type ActionParts, doPlanned } from "./directory-actions.ts"
import { applyChange, inDirectory } from "./directory-editor.ts"
import { readAccount, readGroup, readPerson } from "./directory-records.ts"
import { done, type Edit, type Edited, refuse } from "./edit.ts"
import { findGroups, memberAddresses, readScimGroup } from "./scim-groups.ts"
import { findUsers, readUser } from "./scim-users.ts"
import { inScope, scopeValue } from "./scope.ts"

/** SCIM over the directory's editor: what is one request there is one transaction here, of the same changes that the console makes. */
export function createScimStore(parts: ActionParts): ScimStore {
  const { database } = parts
  const change = async (scope: Scope, work: (edit: Edit) => Promise<Edited>): Promise<Result<string, Refusal>> => {
    const result = await inDirectory(parts, { scope }, work)
    return result.ok ? ok(result.value.value) : result
  }
  return {
    users: (question) => findUsers(database, question),
    user: (scope, id) => readUser(database, scope, id),
    addUser: (scope, user) => change(scope, (edit) => addUser(edit, user)),
    changeUser: (scope, seen, wanted) => change(scope, (edit) => changeUser(edit, seen, wanted)),
    removeUser: (scope, seen) =>
      change(scope, async (edit) => {
        const user = await seenUser(edit, seen)
        if (!user.ok) return user
        const planned = await planAction(edit, { kind: "leave", principalId: seen.id }, parts.keeping)
        // whom an administrator let go before has nothing left to do
        if (!planned.ok && planned.failure.problems[0]?.problem !== "alreadySo") return planned
        if (planned.ok) await doPlanned(edit, "leave", planned.value, parts.oneTimePasswords().hash)
        await edit.tx.query(setGone, ["person", seen.id])
        return done(seen.id)
      }),
    async unit(scope, codeOrName) {
      const rows = await database.query<{ code: string; exact: boolean }>(findUnit, [scopeValue(scope), codeOrName])
      const [first] = rows
      return first && (first.exact || rows.length === 1) ? first.code : undefined
    },
    isOwnDomain: async (domain) => (await database.query({ name: "scim-own-domain", text: "SELECT FROM organization_unit WHERE domain = $1 LIMIT 1" }, [domain])).length > 0,
    domainOf: async (unitCode) => (await database.query<{ domain: string }>(domainOf, [unitCode]))[0]?.domain,
    groups: (question) => findGroups(database, question),
    group: (scope, address) => readScimGroup(database, scope, address),
    addGroup: (scope, { address, unitCode, displayName, externalId, members }) =>
      change(scope, async (edit) => {
        const added = await step(edit, { kind: "addGroup", group: { address, displayName, unitCode, allowedSenders: null, moderators: null, members } })
        return added.ok ? named(edit, { kind: "group", key: address, externalId, userName: null }) : added
      }),
    changeGroup: (scope, seen, wanted) => change(scope, (edit) => changeGroup(edit, seen, wanted)),
    removeGroup: (scope, seen) =>
      change(scope, async (edit) => {
        const group = await seenGroup(edit, seen)
        const removed = group.ok ? await step(edit, { kind: "removeGroup", address: seen.address, seen: seenTag(group.value.record) }) : group
        if (removed.ok) await edit.tx.query({ name: "scim-forget", text: "DELETE FROM external_identity WHERE source = 'scim' AND kind = 'group' AND key = $1" }, [seen.address])
        return removed
      }),
    memberAddresses: (scope, values) => memberAddresses(database, scope, values),
  }
}

/** As the editor does it: what is wrong with the change as it stands is said first. */
async function step(edit: Edit, change: DirectoryChange): Promise<Edited> {
  const problems = problemsOf(change)
  return problems.length > 0 ? failed({ kind: "invalid", problems }) : applyChange(edit, change)
}

async function addUser(edit: Edit, { principalId, address, quotaBytes, name, title, phone, unitCode, active, userName, externalId }: NewScimUser): Promise<Edited> {
  // an administrator may give such a name, a program may not
  const local = address?.slice(0, address.lastIndexOf("@")) ?? ""
  if (isReserved(local)) return refuse("invalid", "reserved", { field: "address", values: { value: local } })
  const person = await step(edit, { kind: "addPerson", person: { principalId, kind: "individual", name, unitCode, title, phone } })
  if (!person.ok) return person
  const account = await step(edit, { kind: "addAccount", account: { address, kind: "personal", displayName: name, unitCode, quotaBytes, ownerId: person.value } })
  if (!account.ok) return account
  const identity = await named(edit, { kind: "person", key: person.value, externalId, userName })
  if (!identity.ok || active) return identity
  return setActive(edit, { id: person.value, address: account.value }, false)
}

async function seenUser(edit: Edit, seen: ScimUser) {
  const now = await readUser(edit.tx, edit.scope, seen.id)
  if (!now) return refuse("notFound", "noPerson", { values: { value: seen.id } })
  return now.version === seen.version ? ok(now) : refuse("inUse", "stale")
}

async function changeUser(edit: Edit, seen: ScimUser, wanted: WantedUser): Promise<Edited> {
  const user = await seenUser(edit, seen)
  if (!user.ok) return user
  const now = user.value
  const person = await readPerson(edit.tx, seen.id)
  const account = await readAccount(edit.tx, now.address)
  if (!person || !account) return refuse("notFound", "noPerson", { values: { value: seen.id } })
  const { suspended: _suspended, ...before } = person
  const after = { ...before, name: wanted.name, title: wanted.title, phone: wanted.phone, unitCode: wanted.unitCode }
  if (seenTag({ ...person, ...after }) !== seenTag(person)) {
    const changed = await step(edit, { kind: "changePerson", seen: seenTag(person), person: after })
    if (!changed.ok) return changed
  }
  if (wanted.unitCode !== now.unitCode || wanted.name !== now.name) {
    // an account that was named otherwise on purpose, or is in another unit, stays so
    const displayName = account.displayName === now.name ? wanted.name : account.displayName
    const unitCode = account.unitCode === now.unitCode ? wanted.unitCode : account.unitCode
    if (displayName !== account.displayName || unitCode !== account.unitCode) {
      const changed = await step(edit, { kind: "changeAccount", seen: seenTag(account), account: { address: account.address, displayName, unitCode, quotaBytes: account.quotaBytes } })
      if (!changed.ok) return changed
    }
  }
  if (wanted.externalId !== now.externalId || (wanted.userName ?? now.address) !== now.userName) {
    const changed = await named(edit, { kind: "person", key: seen.id, externalId: wanted.externalId, userName: wanted.userName })
    if (!changed.ok) return changed
  }
  return wanted.active === now.active ? done(seen.id) : setActive(edit, now, wanted.active)
}

/** Person and account together: the one keeps it out of offices' accounts, too, the other lets no more mail in. */
async function setActive(edit: Edit, { id, address }: Pick<ScimUser, "id" | "address">, active: boolean): Promise<Edited> {
  const person = await readPerson(edit.tx, id)
  if (person && person.suspended === active) {
    const changed = await step(edit, { kind: active ? "reactivatePerson" : "suspendPerson", principalId: id, seen: seenTag(person) })
    if (!changed.ok) return changed
  }
  const account = await readAccount(edit.tx, address)
  if (account && account.suspended === active) {
    const changed = await step(edit, { kind: active ? "reactivateAccount" : "suspendAccount", address, seen: seenTag(account) })
    if (!changed.ok) return changed
  }
  return done(id)
}

async function seenGroup(edit: Edit, seen: ScimGroup) {
  const now = await readScimGroup(edit.tx, edit.scope, seen.address)
  const record = await readGroup(edit.tx, seen.address)
  if (!now || !record) return refuse("notFound", "noGroup", { values: { value: seen.address } })
  if (now.version !== seen.version) return refuse("inUse", "stale")
  const shown = new Set(now.members.map(({ address }) => address))
  return ok({ record, hidden: record.members.filter((address) => !shown.has(address)) })
}

async function changeGroup(edit: Edit, seen: ScimGroup, { displayName, externalId, members }: WantedGroup): Promise<Edited> {
  const group = await seenGroup(edit, seen)
  if (!group.ok) return group
  const { record, hidden } = group.value
  const wanted = { ...record, displayName, members: [...new Set([...members, ...hidden])].toSorted() }
  if (seenTag(wanted) !== seenTag(record)) {
    const changed = await step(edit, { kind: "changeGroup", seen: seenTag(record), group: wanted })
    if (!changed.ok) return changed
  }
  return externalId === seen.externalId ? done(seen.address) : named(edit, { kind: "group", key: seen.address, externalId, userName: null })
}

interface Named {
  readonly kind: "person" | "group"
  readonly key: string
  readonly externalId: string | null
  readonly userName: string | null
}

/** What the client calls it. Two people are not called the same, neither there nor by an address here. */
async function named({ tx }: Pick<Edit, "tx">, { kind, key, externalId, userName }: Named): Promise<Edited> {
  if (userName !== null && (await tx.query(userNameTaken, [userName, key])).length > 0) return refuse("alreadyExists", "taken", { field: "userName", values: { value: userName } })
  await tx.query(setNamed, [kind, key, externalId, userName])
  return done(key)
}

const setNamed = {
  name: "scim-name",
  text: `INSERT INTO external_identity (source, kind, key, external_id, user_name) VALUES ('scim', $1, $2, $3, $4)
    ON CONFLICT (source, kind, key) DO UPDATE SET external_id = excluded.external_id, user_name = excluded.user_name, gone = false`,
}
const setGone = { name: "scim-gone", text: "INSERT INTO external_identity (source, kind, key, gone) VALUES ('scim', $1, $2, true) ON CONFLICT (source, kind, key) DO UPDATE SET gone = true" }
const userNameTaken = {
  name: "scim-user-name-taken",
  text: `SELECT FROM external_identity WHERE source = 'scim' AND kind = 'person' AND lower(user_name) = lower($1) AND NOT gone AND key <> $2
    UNION ALL SELECT FROM account WHERE address = lower($1) LIMIT 1`,
}
const findUnit = {
  name: "scim-unit",
  text: `SELECT code, code = $2 AS exact FROM organization_unit WHERE suspended_at IS NULL AND (code = $2 OR lower(name) = lower($2)) AND ${inScope("code", "$1")} ORDER BY code = $2 DESC, code LIMIT 2`,
}
const domainOf = { name: "scim-domain", text: "SELECT domain FROM organization_unit WHERE code = $1 OR ($1::text IS NULL AND parent_code IS NULL) ORDER BY code LIMIT 1" }
