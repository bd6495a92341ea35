import type { Person } from "./people.ts"
import type { Random } from "./random.ts"
import type { Unit } from "./units.ts"

/** Office accounts of units: their addresses, and who holds which rights on them. */
export interface Office {
  readonly address: string
  readonly displayName: string
  readonly unit: Unit
  readonly kind: "main" | "oneStop"
}

export interface OfficeAssignment {
  readonly address: string
  readonly principalId: string
  readonly rights: string
  readonly from: string
  readonly until: string
}

export const organizationId = (units: readonly Unit[], unit: Unit): string => `TC${String(units.indexOf(unit) + 1).padStart(4, "0")}`

/** One account for each unit, and one for the one-stop desk of each district and commune. */
export function generateOffices(units: readonly Unit[]): readonly Office[] {
  return units.flatMap((unit) => {
    const local = unit.kind === "commune" ? `ubnd.${unit.slug}` : unit.slug
    const main: Office = { address: `${local}@${unit.domain}`, displayName: officeName(units, unit), unit, kind: "main" }
    if (!["commune", "district", "town"].includes(unit.kind)) return [main]
    const desk = unit.kind === "commune" ? `motcua.${unit.slug}` : "motcua"
    return [main, { address: `${desk}@${unit.domain}`, displayName: `Bộ phận Một cửa ${unit.name}`, unit, kind: "oneStop" }]
  })
}

/** A division is told by whose it is: there are many offices of that name. */
export const officeName = (units: readonly Unit[], unit: Unit): string => {
  const parent = unit.kind === "division" ? units.find(({ code }) => code === unit.parentCode) : undefined
  return parent && unit.kind === "division" && parent.kind !== "province" ? `${unit.name}, ${parent.name}` : unit.name
}

const rightsByRank: Readonly<Record<Person["rank"], string>> = {
  leader: "read write send-as administer sign",
  deputy: "read write send-as sign",
  clerk: "read write send-as",
  staff: "read",
}

/** A commune has no division: its clerk signs what goes out, as a division's head does elsewhere. */
const communeRights = (rank: Person["rank"]): string => (rank === "staff" ? "read write" : rank === "clerk" ? `${rightsByRank.clerk} sign` : rightsByRank[rank])

export function generateOfficeAssignments(random: Random, data: { readonly units: readonly Unit[]; readonly offices: readonly Office[]; readonly people: readonly Person[] }): readonly OfficeAssignment[] {
  const { units, offices, people } = data
  return offices.flatMap((office) => {
    const owner: OfficeAssignment = { address: office.address, principalId: organizationId(units, office.unit), rights: "owner", from: "", until: "" }
    return [owner, ...holders(office, people).map((person): OfficeAssignment => {
      const rights = office.unit.kind === "commune" ? communeRights(person.rank) : rightsByRank[person.rank]
      return { address: office.address, principalId: person.id, rights, ...period(random, person) }
    })]
  })
}

/** In a commune all share the office's mailbox; elsewhere the leaders, the clerk and two others do; a department's clerks sit in its first division. */
function holders(office: Office, people: readonly Person[]): readonly Person[] {
  const own = people.filter(({ unit }) => unit === office.unit)
  if (office.unit.kind === "commune") return office.kind === "main" ? own : own.filter(({ title }) => title === "Cán bộ Một cửa" || title.startsWith("Công chức"))
  const staff = own.filter(({ rank }) => rank === "staff").slice(0, 2)
  const clerks = people.filter(({ unit, rank }) => rank === "clerk" && unit.parentCode === office.unit.code && unit.kind === "division").slice(0, 2)
  return [...own.filter(({ rank }) => rank !== "staff"), ...staff, ...clerks]
}

/** Most hold their rights until told otherwise; some for a time, and a few no longer or not yet. */
function period(random: Random, person: Person): { readonly from: string; readonly until: string } {
  if (random.below(100) >= 12) return { from: "", until: "" }
  if (person.address !== null && random.chance(20)) return { from: "2024-01-01", until: "2025-06-30" }
  if (person.address !== null && random.chance(15)) return { from: "2031-01-01", until: "" }
  return random.chance(50) ? { from: "2025-07-01", until: "" } : { from: "2025-07-01", until: "2030-12-31" }
}
