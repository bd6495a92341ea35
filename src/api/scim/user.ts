import { failed, ok, type Result } from "../../base/result.ts"
import type { ScimUser } from "../../store/scim-store.ts"
import { isObject, type JsonObject, memberOf } from "./json.ts"
import { enterpriseSchema, userSchema } from "./resource-names.ts"

/**
 * A User (RFC 7643 §4.1, §4.3) of a person and its account, and back. `employeeNumber` is the person's id, `department` its unit's code; `emails` are the account's
 * addresses, which clients do not change. Pure.
 */
export function shownUser(user: ScimUser, base: string): JsonObject {
  const { id, externalId, userName, name, title, phone, unitCode, unitName, address, aliases, groups, active, createdAt, changedAt, version } = user
  return {
    schemas: [userSchema, enterpriseSchema], id, ...(externalId !== null && { externalId }), userName, name: { formatted: name, ...partsOf(name) }, displayName: name, ...(title !== "" && { title }), active,
    emails: [{ value: address, type: "work", primary: true }, ...aliases.map((alias) => ({ value: alias, type: "other", primary: false }))],
    ...(phone !== "" && { phoneNumbers: [{ value: phone, type: "work" }] }),
    ...(groups.length > 0 && { groups: groups.map((group) => ({ value: group.address, display: group.displayName, type: "direct", $ref: `${base}/Groups/${encodeURIComponent(group.address)}` })) }),
    [enterpriseSchema]: { employeeNumber: id, department: unitCode, division: unitName },
    meta: { resourceType: "User", created: new Date(createdAt).toISOString(), lastModified: new Date(changedAt).toISOString(), location: `${base}/Users/${encodeURIComponent(id)}`, version: `W/"${version}"` },
  }
}

/** A Vietnamese name begins with the family's, and ends with the given one. */
function partsOf(name: string): JsonObject {
  const words = name.split(" ")
  const [family, middle, given] = [words[0] ?? "", words.slice(1, -1).join(" "), words.length > 1 ? (words.at(-1) ?? "") : ""]
  return { familyName: family, ...(middle !== "" && { middleName: middle }), ...(given !== "" && { givenName: given }) }
}

/** What a client's User says, as far as it is ours to keep. */
export interface ReadUser {
  readonly userName: string
  readonly externalId: string | null
  readonly name: string
  readonly title: string
  readonly phone: string
  readonly active: boolean
  /** Code or name of a unit; undefined: not said. */
  readonly department: string | undefined
  readonly employeeNumber: string | undefined
}

/** Failure: the attribute that is not what it should be. `before`: the user as it was shown, where there was one; of several names that which was changed counts. */
export function readUser(body: JsonObject, before?: JsonObject): Result<ReadUser, string> {
  const wrong: string[] = []
  const text = (object: JsonObject, name: string): string | undefined => {
    const value = memberOf(object, name)
    if (value === undefined || value === null) return undefined
    if (typeof value !== "string") wrong.push(name)
    return typeof value === "string" ? tidy(value) : undefined
  }
  const extension = memberOf(body, enterpriseSchema)
  const more = isObject(extension) ? extension : {}
  const userName = text(body, "userName") ?? ""
  const name = nameOf(body, before)
  const active = truth(memberOf(body, "active"))
  const phone = phoneOf(memberOf(body, "phoneNumbers"))
  if (userName === "") wrong.push("userName")
  if (name === undefined || name === "") wrong.push("displayName")
  if (active === undefined) wrong.push("active")
  if (phone === undefined) wrong.push("phoneNumbers")
  const read = { userName, externalId: text(body, "externalId") ?? null, name: name ?? "", title: text(body, "title") ?? "", phone: phone ?? "", active: active ?? true, department: text(more, "department") || undefined, employeeNumber: text(more, "employeeNumber") || undefined }
  const long = Object.entries(read).find(([, value]) => typeof value === "string" && value.length > maxText)
  if (long) wrong.push(long[0])
  return wrong[0] === undefined ? ok(read) : failed(wrong[0])
}

const maxText = 320

const tidy = (text: string): string => text.normalize("NFC").trim().replace(/\s+/g, " ")

/** Entra writes booleans as text, too. */
const truth = (value: unknown): boolean | undefined =>
  value === undefined || value === null ? true : typeof value === "boolean" ? value : typeof value === "string" && /^(?:true|false)$/i.test(value) ? value.toLowerCase() === "true" : undefined

function nameOf(body: JsonObject, before: JsonObject | undefined): string | undefined {
  const old = before && namesOf(before)
  const names = namesOf(body)
  const said = (["display", "formatted", "parts"] as const).map((kind) => ({ name: names[kind], old: old?.[kind] })).filter(({ name }) => name !== undefined && name !== "")
  return (said.find(({ name, old: was }) => name !== was) ?? said[0])?.name
}

function namesOf(user: JsonObject): { readonly display: string | undefined; readonly formatted: string | undefined; readonly parts: string } {
  const one = (value: unknown): string | undefined => (typeof value === "string" ? tidy(value) : undefined)
  const name = memberOf(user, "name")
  const of = isObject(name) ? name : {}
  const parts = ["familyName", "middleName", "givenName"].map((part) => one(memberOf(of, part)) ?? "").filter((part) => part !== "").join(" ")
  return { display: one(memberOf(user, "displayName")), formatted: one(memberOf(of, "formatted")), parts }
}

/** The one at work, else the first; "" for none, undefined for what is no list of numbers. */
function phoneOf(value: unknown): string | undefined {
  if (value === undefined || value === null) return ""
  if (!Array.isArray(value) || !value.every(isObject)) return undefined
  const work = value.find((one) => String(memberOf(one, "type")).toLowerCase() === "work") ?? value[0]
  const number = work && memberOf(work, "value")
  return number === undefined || number === null ? "" : typeof number === "string" ? tidy(number) : undefined
}
