import { failed, ok, type Result } from "../../base/result.ts"
import { withoutDiacritics } from "../../base/folded-name.ts"
import type { ScimGroup } from "../../store/scim-store.ts"
import { isObject, type JsonObject, memberOf } from "./json.ts"
import { groupSchema } from "./resource-names.ts"

/** A Group (RFC 7643 §4.2) of a mail group, and back. Its id is its address. Members that are no users (an office's account, another group) are named by their address. Pure. */
export function shownGroup({ address, displayName, externalId, members, changedAt, version }: ScimGroup, base: string): JsonObject {
  return {
    schemas: [groupSchema], id: address, ...(externalId !== null && { externalId }), displayName,
    members: members.map(({ value, kind, name }) => ({ value, ...(name !== "" && { display: name }), ...(kind !== "other" && { type: kind === "user" ? "User" : "Group", $ref: `${base}/${kind === "user" ? "Users" : "Groups"}/${encodeURIComponent(value)}` }) })),
    meta: { resourceType: "Group", lastModified: new Date(changedAt).toISOString(), location: `${base}/Groups/${encodeURIComponent(address)}`, version: `W/"${version}"` },
  }
}

export interface ReadGroup {
  readonly displayName: string
  readonly externalId: string | null
  /** Ids of users, or addresses. */
  readonly members: readonly string[]
}

const maxText = 320
const maxMembers = 50_000

/** Failure: the attribute that is not what it should be. */
export function readGroup(body: JsonObject): Result<ReadGroup, string> {
  const [displayName, externalId, members = []] = [memberOf(body, "displayName"), memberOf(body, "externalId") ?? null, memberOf(body, "members") ?? []]
  if (typeof displayName !== "string" || displayName.trim() === "" || displayName.length > maxText) return failed("displayName")
  if (externalId !== null && (typeof externalId !== "string" || externalId.length > maxText)) return failed("externalId")
  if (!Array.isArray(members) || members.length > maxMembers) return failed("members")
  const values: readonly unknown[] = members.map((member: unknown) => (isObject(member) ? memberOf(member, "value") : undefined))
  const texts = values.filter((value): value is string => typeof value === "string" && value !== "" && value.length <= maxText)
  return texts.length === values.length ? ok({ displayName: displayName.normalize("NFC").trim().replace(/\s+/g, " "), externalId, members: [...new Set(texts)] }) : failed("members")
}

/** "Phòng Tài chính" → "phong-tai-chinh": the local part of a group that was given no address. */
export const localPartOf = (displayName: string): string => withoutDiacritics(displayName).toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-+|-+$/g, "").slice(0, 60)
