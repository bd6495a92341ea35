import { z } from "zod"
import { rights, unitKinds } from "../../accounts/import/rows.ts"
import { number } from "../fields.ts"

/** What the API answers of the directory. `tag` is the ETag of a part, for changes of that part alone. */
const day = z.string().regex(/^\d{4}-\d\d-\d\d$/).nullable()
const accountKind = z.enum(["personal", "organizational"])
const principalKind = z.enum(["individual", "organization"])
const inUnit = { unitCode: z.string().nullable(), unitName: z.string(), suspended: z.boolean() }
const next = number.nullable().describe("The `cursor` of the next page; null: this is the last.")
const counts = z.strictObject({ accounts: number, people: number, groups: number })

const unit = z.strictObject({ code: z.string(), name: z.string(), kind: z.enum(unitKinds), parentCode: z.string().nullable(), domain: z.string(), addressRule: z.string().nullable(), suspended: z.boolean() })
export const unitAnswer = unit.extend({
  path: z.array(z.strictObject({ code: z.string(), name: z.string() })), rule: z.strictObject({ template: z.string(), from: z.string() }).nullable(), counts, children: number,
})
export const unitsAnswer = z.strictObject({ units: z.array(z.strictObject({ code: z.string(), name: z.string(), kind: z.string(), suspended: z.boolean() })), next })
export const treeAnswer = z.strictObject({
  units: z.array(z.strictObject({ code: z.string(), name: z.string(), kind: z.string(), parentCode: z.string().nullable(), domain: z.string(), suspended: z.boolean(), depth: number, own: counts, all: counts })),
})

export const ruleSamplesAnswer = z.strictObject({ samples: z.array(z.strictObject({ name: z.string(), address: z.string().nullable(), problem: z.strictObject({ vi: z.string(), en: z.string() }).nullable() })) })

const assignment = z.strictObject({ address: z.string(), principalId: z.string(), rights: z.array(z.enum(rights)), from: day, until: day, tag: z.string() })

const principal = z.strictObject({ principalId: z.string(), kind: principalKind, name: z.string(), unitCode: z.string(), title: z.string(), phone: z.string(), suspended: z.boolean() })
export const principalAnswer = principal.extend({
  unitName: z.string(),
  assignments: z.array(assignment.extend({ displayName: z.string(), accountKind, suspended: z.boolean() })),
  certificates: z.array(z.strictObject({ fingerprint: z.string(), use: z.string(), state: z.string(), notAfter: z.string().nullable() })),
})
export const principalsAnswer = z.strictObject({ principals: z.array(z.strictObject({ principalId: z.string(), name: z.string(), title: z.string(), ...inUnit })), next })

const alias = z.strictObject({ address: z.string(), target: z.string(), expiresOn: day, tag: z.string() })
export const aliasAnswer = alias
export const aliasesAnswer = z.strictObject({ aliases: z.array(z.strictObject({ address: z.string(), target: z.string(), displayName: z.string(), ...inUnit })), next })

const account = z.strictObject({ address: z.string(), kind: accountKind, displayName: z.string(), unitCode: z.string(), quotaBytes: number, suspended: z.boolean(), archiveOn: day, archived: z.boolean() })
export const accountAnswer = account.extend({
  id: number, unitName: z.string(), usedBytes: number,
  holders: z.array(assignment.extend({ name: z.string(), title: z.string(), suspended: z.boolean() })), aliases: z.array(alias), groups: z.array(z.strictObject({ address: z.string(), displayName: z.string() })),
  credentials: z.strictObject({ password: z.boolean(), oneTime: z.boolean(), appPasswords: number }),
})
export const accountsAnswer = z.strictObject({ accounts: z.array(z.strictObject({ address: z.string(), displayName: z.string(), kind: accountKind, ...inUnit })), next })
export const assignmentAnswer = assignment

const group = z.strictObject({
  address: z.string(), displayName: z.string(), unitCode: z.string().nullable(), allowedSenders: z.array(z.string()).nullable(), moderators: z.array(z.string()).nullable(), members: z.array(z.string()),
})
export const groupAnswer = group.extend({ unitName: z.string(), memberDetails: z.array(z.strictObject({ address: z.string(), kind: z.enum(["account", "alias", "group", "foreign"]), name: z.string(), suspended: z.boolean() })) })
export const groupsAnswer = z.strictObject({ groups: z.array(z.strictObject({ address: z.string(), displayName: z.string(), restriction: z.enum(["", "restricted", "moderated"]), unitCode: z.string().nullable(), unitName: z.string() })), next })

/** Of what is gone. */
export const removedAnswer = z.strictObject({ removed: z.string() })
