import type { Office } from "./offices.ts"
import type { Person } from "./people.ts"
import { rootDomain, type Unit } from "./units.ts"

/** Aliases of offices, and the groups to which circulars go; the largest groups have groups as their members. */
export interface SeedGroup {
  readonly address: string
  readonly displayName: string
  readonly allowedSenders: readonly string[]
  readonly members: readonly string[]
}

export const generateAliases = (offices: readonly Office[], people: readonly Person[]): readonly (readonly [address: string, target: string])[] =>
  offices.flatMap(({ unit, kind, address }) => {
    if (kind !== "main" || unit.kind === "division" || unit.kind === "commune") return []
    const leader = people.find((person) => person.unit === unit && person.rank === "leader")?.address
    return [[`vanthu@${unit.domain}`, address] as const, ...(leader == null ? [] : [[`lanhdao@${unit.domain}`, leader] as const])]
  })

const everyoneOf = (unit: Unit): string => `toancoquan@${unit.domain}`

export function generateGroups(units: readonly Unit[], offices: readonly Office[], people: readonly Person[]): readonly SeedGroup[] {
  const officeOf = (unit: Unit): string => offices.find((office) => office.unit === unit && office.kind === "main")?.address ?? ""
  const province = units.filter(({ kind }) => kind === "province").map(officeOf)
  const bodies = units.filter(({ kind }) => kind !== "division" && kind !== "commune")
  const ofBodies = bodies.map((unit): SeedGroup => {
    const inside = offices.filter((office) => office.unit.domain === unit.domain).map(({ address }) => address)
    const persons = people.flatMap(({ address, unit: { domain } }) => (address !== null && domain === unit.domain ? [address] : []))
    return { address: everyoneOf(unit), displayName: `Toàn cơ quan ${unit.name}`, allowedSenders: [...new Set([...province, officeOf(unit)])], members: [...inside, ...persons] }
  })
  const officesOfKind = (kind: Unit["kind"]): string[] => units.filter((unit) => unit.kind === kind).map(officeOf)
  return [
    { address: `toantinh@${rootDomain}`, displayName: "Toàn bộ hộp thư công vụ của tỉnh", allowedSenders: province, members: bodies.map(everyoneOf) },
    { address: `cacso@${rootDomain}`, displayName: "Các sở", allowedSenders: [], members: officesOfKind("department") },
    { address: `caccapxa@${rootDomain}`, displayName: "Ủy ban nhân dân cấp xã", allowedSenders: province, members: officesOfKind("commune") },
    { address: `caccaphuyen@${rootDomain}`, displayName: "Ủy ban nhân dân cấp huyện", allowedSenders: [], members: [...officesOfKind("town"), ...officesOfKind("district")] },
    ...ofBodies,
  ]
}
