import type { ApiTokenHolder } from "../../accounts/api-token.ts"
import { canonicalAddress, isValidMailbox, splitAddress } from "../../mail/address.ts"
import type { ScimStore, ScimUser } from "../../store/scim-store.ts"
import { scopeOfToken } from "../token-scope.ts"
import { refusalProblem, type ScimAnswer, scimProblem } from "./answer.ts"
import { changedResource, type ResourceRequest } from "./change.ts"
import type { JsonObject } from "./json.ts"
import { type ReadUser, readUser, shownUser } from "./user.ts"

/** Users: made with address by rule, changed, left. Must not know: HTTP. */
const quotaBytes = 2 * 2 ** 30

export async function createUser(store: ScimStore, { caller, base, body }: { readonly caller: ApiTokenHolder; readonly base: string; readonly body: JsonObject }): Promise<ScimAnswer> {
  const scope = scopeOfToken(caller, "directory:write")
  const read = readUser(body)
  if (!read.ok) return invalid(read.failure)
  const { userName, department, employeeNumber, ...fields } = read.value
  const unitCode = department === undefined ? (caller.unitCode ?? undefined) : await store.unit(scope, department)
  if (unitCode === undefined) return invalid("department")
  const own = await ownAddress(store, userName)
  const added = await store.addUser(scope, { ...fields, unitCode, principalId: employeeNumber ?? "", address: own ?? null, userName: own === undefined ? userName : null, quotaBytes })
  if (!added.ok) return refusalProblem(added.failure)
  const user = await store.user(scope, added.value)
  return user ? { kind: "resource", status: 201, body: shownUser(user, base) } : scimProblem(404, "it is not there any more")
}

/** PUT and PATCH: `next` makes of the user as it is shown what it is to be. */
export function changeUser(store: ScimStore, request: ResourceRequest): Promise<ScimAnswer> {
  const scope = scopeOfToken(request.caller, "directory:write")
  return changedResource(request, {
    find: () => store.user(scope, request.id),
    show: (user: ScimUser) => shownUser(user, request.base),
    async change(user, { before, after }) {
      const read = readUser(after, before)
      if (!read.ok) return invalid(read.failure)
      const wanted = await wantedUser(store, { user, read: read.value, request })
      if ("kind" in wanted) return wanted
      const { name, title, phone, active, externalId, unitCode } = user
      const same = JSON.stringify(wanted) === JSON.stringify({ userName: user.userName === user.address ? null : user.userName, externalId, name, title, phone, unitCode, active })
      return same ? undefined : store.changeUser(scope, user, wanted)
    },
  })
}

async function wantedUser(store: ScimStore, { user, read, request }: { readonly user: ScimUser; readonly read: ReadUser; readonly request: ResourceRequest }) {
  const { userName, externalId, name, title, phone, active, department, employeeNumber } = read
  if (employeeNumber !== undefined && employeeNumber !== user.id) return scimProblem(400, "employeeNumber is never changed", "mutability")
  const unitCode = department === undefined || department === user.unitCode || department === user.unitName ? user.unitCode : await store.unit(scopeOfToken(request.caller, "directory:write"), department)
  if (unitCode === undefined) return invalid("department")
  const own = userName === user.userName ? undefined : await ownAddress(store, userName)
  if (own !== undefined && own !== user.address) return scimProblem(400, "userName: an address here is changed by an administrator, who keeps the old one as an alias", "mutability")
  return { userName: own === user.address || userName === user.address ? null : userName, externalId, name, title, phone, unitCode, active }
}

export async function deleteUser(store: ScimStore, request: ResourceRequest): Promise<ScimAnswer> {
  const scope = scopeOfToken(request.caller, "directory:write")
  const removed = await changedResource(request, { find: () => store.user(scope, request.id), show: (user: ScimUser) => shownUser(user, request.base), change: (user) => store.removeUser(scope, user), gone: true })
  return removed
}

/** The canonical address, where it is one of a domain here. */
async function ownAddress(store: ScimStore, userName: string): Promise<string | undefined> {
  if (!isValidMailbox(userName)) return undefined
  const address = canonicalAddress(userName)
  const domain = splitAddress(address)?.domain
  return domain !== undefined && (await store.isOwnDomain(domain)) ? address : undefined
}

const invalid = (attribute: string) => scimProblem(400, `${attribute} is missing, or not what it should be`, "invalidValue")
