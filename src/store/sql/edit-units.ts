import type { ChangeOf, UnitInput } from "../../accounts/provision/changes.ts"
import { seenTag } from "../../accounts/provision/records.ts"
import { readUnit } from "./directory-records.ts"
import { covered, done, domainProblem, type Edit, type Edited, isProvinceWide, note, refuse, unitProblem } from "./edit.ts"

/** Units of the tree: made, changed, suspended when nothing active is left in them. */
export async function addUnit(edit: Edit, { unit }: ChangeOf<"addUnit">): Promise<Edited> {
  if (await readUnit(edit.tx, unit.code)) return refuse("alreadyExists", "taken", { field: "code", values: { value: unit.code } })
  const problem = await placeProblem(edit, unit)
  if (problem) return problem
  await edit.tx.query(insert, values(unit))
  await note(edit, { kind: "unit.added", key: unit.code, after: unit })
  return done(unit.code)
}

export async function changeUnit(edit: Edit, { unit, seen }: ChangeOf<"changeUnit">): Promise<Edited> {
  const before = await readUnit(edit.tx, unit.code)
  if (!before) return refuse("notFound", "noUnit", { values: { value: unit.code } })
  if (!(await covered(edit, unit.code))) return refuse("noPermission", "outsideScope")
  if (seenTag(before) !== seen) return refuse("inUse", "stale")
  const placed = unit.parentCode === before.parentCode && unit.domain === before.domain
  const problem = placed ? undefined : await placeProblem(edit, { ...unit, ...(unit.domain === before.domain && { domain: null }) }, before.parentCode)
  if (problem) return problem
  await edit.tx.query(update, values(unit))
  await note(edit, { kind: "unit.changed", key: unit.code, before, after: unit })
  return done(unit.code)
}

export async function setUnitSuspended(edit: Edit, { kind, code, seen }: ChangeOf<"suspendUnit" | "reactivateUnit">): Promise<Edited> {
  const before = await readUnit(edit.tx, code)
  if (!before) return refuse("notFound", "noUnit", { values: { value: code } })
  if (!(await covered(edit, code))) return refuse("noPermission", "outsideScope")
  if (seenTag(before) !== seen) return refuse("inUse", "stale")
  const suspend = kind === "suspendUnit"
  if (before.suspended === suspend) return refuse("invalid", "alreadySo")
  if (suspend) {
    const [left] = await edit.tx.query<{ count: number }>(active, [code])
    if (left && left.count > 0) return refuse("invalid", "unitNotEmpty", { values: { count: left.count } })
  } else if (before.parentCode !== null) {
    const problem = await unitProblem(edit, before.parentCode, "parentCode")
    if (problem && !problem.ok && problem.failure.kind === "invalid") return problem
  }
  await edit.tx.query(setSuspended, [code, suspend])
  await note(edit, { kind: suspend ? "unit.suspended" : "unit.reactivated", key: code, before })
  return done(code)
}

/** Where a unit may stand. `domain` null: as it was. The top of somebody's scope moves only by the province. */
async function placeProblem(edit: Edit, { code, parentCode, domain }: Pick<UnitInput, "code" | "parentCode"> & { readonly domain: string | null }, before?: string | null): Promise<Edited | undefined> {
  if (parentCode !== before) {
    if (before !== undefined && !isProvinceWide(edit) && !(before !== null && (await covered(edit, before)))) return refuse("noPermission", "outsideScope", { field: "parentCode" })
    if (parentCode === null && !isProvinceWide(edit)) return refuse("noPermission", "outsideScope", { field: "parentCode" })
    const problem = parentCode === null ? undefined : await unitProblem(edit, parentCode, "parentCode")
    if (problem) return problem
    const [loop] = await edit.tx.query(isBelow, [code, parentCode])
    if (loop) return refuse("invalid", "unitAboveItself", { field: "parentCode" })
  }
  // a new domain is the province's to give
  return domain === null || isProvinceWide(edit) ? undefined : domainProblem(edit, `x@${domain}`, "domain")
}

const values = ({ code, name, kind, parentCode, domain, addressRule }: UnitInput): readonly unknown[] => [code, name, kind, parentCode, domain, addressRule]

const insert = { name: "edit-add-unit", text: "INSERT INTO organization_unit (code, name, kind, parent_code, domain, address_rule) VALUES ($1, $2, $3, $4, $5, $6)" }
const update = { name: "edit-change-unit", text: "UPDATE organization_unit SET name = $2, kind = $3, parent_code = $4, domain = $5, address_rule = $6 WHERE code = $1" }
const setSuspended = { name: "edit-suspend-unit", text: "UPDATE organization_unit SET suspended_at = CASE WHEN $2::bool THEN clock_timestamp() END WHERE code = $1" }

const active = {
  name: "edit-unit-active",
  text: `SELECT (SELECT count(*) FROM organization_unit WHERE parent_code = $1 AND suspended_at IS NULL) + (SELECT count(*) FROM account WHERE unit_code = $1 AND suspended_at IS NULL)
    + (SELECT count(*) FROM principal WHERE unit_code = $1 AND suspended_at IS NULL) AS count`,
}

/** A row when $2 is the unit $1 or below it. */
const isBelow = {
  name: "edit-unit-below",
  text: `WITH RECURSIVE up (code) AS (SELECT $2::text UNION SELECT u.parent_code FROM organization_unit u JOIN up ON u.code = up.code WHERE u.parent_code IS NOT NULL) SELECT FROM up WHERE code = $1`,
}
