import type { ApiTokenHolder } from "../../accounts/api-token.ts"
import type { Scope } from "../../accounts/administrator.ts"
import { canonicalAddress, isValidMailbox } from "../../mail/address.ts"
import type { ScimGroup, ScimStore } from "../../store/scim-store.ts"
import { scopeOfToken } from "../token-scope.ts"
import { refusalProblem, type ScimAnswer, type ScimProblem, scimProblem } from "./answer.ts"
import { changedResource, type ResourceRequest } from "./change.ts"
import { localPartOf, readGroup, shownGroup } from "./group.ts"
import type { JsonObject } from "./json.ts"

/** Groups: made, filled, gone. Must not know: HTTP. */
export async function createGroup(store: ScimStore, { caller, base, body }: { readonly caller: ApiTokenHolder; readonly base: string; readonly body: JsonObject }): Promise<ScimAnswer> {
  const scope: Scope = scopeOfToken(caller, "directory:write")
  const read = readGroup(body)
  if (!read.ok) return invalid(read.failure)
  const { displayName, externalId } = read.value
  const members = await addressesOf(store, scope, read.value.members)
  if ("kind" in members) return members
  const address = isValidMailbox(displayName) ? canonicalAddress(displayName) : await madeAddress(store, displayName, caller.unitCode)
  if (address === undefined) return invalid("displayName")
  const added = await store.addGroup(scope, { address, displayName, externalId, unitCode: caller.unitCode, members: members.addresses })
  if (!added.ok) return refusalProblem(added.failure)
  const group = await store.group(scope, address)
  return group ? { kind: "resource", status: 201, body: shownGroup(group, base) } : scimProblem(404, "it is not there any more")
}

async function madeAddress(store: ScimStore, displayName: string, unitCode: string | null): Promise<string | undefined> {
  const [local, domain] = [localPartOf(displayName), await store.domainOf(unitCode)]
  return local === "" || domain === undefined ? undefined : canonicalAddress(`${local}@${domain}`)
}

export function changeGroup(store: ScimStore, request: ResourceRequest): Promise<ScimAnswer> {
  const scope = scopeOfToken(request.caller, "directory:write")
  return changedResource(request, {
    find: () => store.group(scope, request.id),
    show: (group: ScimGroup) => shownGroup(group, request.base),
    async change(group, { after }) {
      const read = readGroup(after)
      if (!read.ok) return invalid(read.failure)
      // whoever is a member already needs no looking up, and stays though it has gone meanwhile
      const known = new Map(group.members.map(({ value, address }) => [value, address]))
      const unknown = await addressesOf(store, scope, read.value.members.filter((value) => !known.has(value)))
      if ("kind" in unknown) return unknown
      const members = [...new Set([...read.value.members.flatMap((value) => known.get(value) ?? []), ...unknown.addresses])].toSorted()
      const same = read.value.displayName === group.displayName && read.value.externalId === group.externalId && JSON.stringify(members) === JSON.stringify(group.members.map(({ address }) => address).toSorted())
      return same ? undefined : store.changeGroup(scope, group, { displayName: read.value.displayName, externalId: read.value.externalId, members })
    },
  })
}

export function deleteGroup(store: ScimStore, request: ResourceRequest): Promise<ScimAnswer> {
  const scope = scopeOfToken(request.caller, "directory:write")
  return changedResource(request, { find: () => store.group(scope, request.id), show: (group: ScimGroup) => shownGroup(group, request.base), change: (group) => store.removeGroup(scope, group), gone: true })
}

async function addressesOf(store: ScimStore, scope: Scope, values: readonly string[]): Promise<{ readonly addresses: readonly string[] } | ScimProblem> {
  const found = values.length === 0 ? [] : await store.memberAddresses(scope, values)
  const missing = values.find((_value, at) => found[at] === undefined)
  if (missing !== undefined) return scimProblem(400, `members: there is no ${missing.slice(0, 100)}`, "invalidValue")
  return { addresses: [...new Set(found.filter((address) => address !== undefined))].toSorted() }
}

const invalid = (attribute: string) => scimProblem(400, `${attribute} is missing, or not what it should be`, "invalidValue")
