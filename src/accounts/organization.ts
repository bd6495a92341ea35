import { canonicalAddress } from "../mail/address.ts"
import type { Group, Unit } from "./directory.ts"

/**
 * Where accounts stand: the units above each unit, the agency it belongs to, the groups an address is a member of. Made once for
 * each snapshot of the directory, answers from memory. Pure. Rows may hold a cycle that an import is about to undo: it is cut.
 */
export interface Organization {
  /** The unit itself first, up to the root; empty for an unknown code. */
  unitPath(code: string): readonly Unit[]
  /** Groups that hold the address, or a group that holds it; canonical addresses. */
  groupsOf(address: string): readonly string[]
}

export function buildOrganization({ units, groups }: { readonly units: readonly Unit[]; readonly groups: readonly Group[] }): Organization {
  const byCode = new Map(units.map((unit) => [unit.code, unit]))
  const paths = new Map(units.map((unit) => [unit.code, pathFrom(unit, byCode)]))
  const holders = new Map<string, string[]>()
  for (const group of groups) {
    for (const member of group.members) {
      const address = canonicalAddress(member)
      const known = holders.get(address)
      if (known) known.push(group.address)
      else holders.set(address, [group.address])
    }
  }
  return {
    unitPath: (code) => paths.get(code) ?? [],
    groupsOf(address) {
      const found = new Set(holders.get(address))
      // a set visits what is added while it is walked
      for (const group of found) for (const outer of holders.get(group) ?? []) found.add(outer)
      return [...found]
    },
  }
}

function pathFrom(unit: Unit, byCode: ReadonlyMap<string, Unit>): readonly Unit[] {
  const path = new Set<Unit>()
  for (let next: Unit | undefined = unit; next && !path.has(next); next = next.parentCode === null ? undefined : byCode.get(next.parentCode)) path.add(next)
  return [...path]
}

/**
 * The agency that a unit belongs to: the nearest unit upwards that is no division. A department, a district, a commune each is one;
 * the divisions directly under the province belong to the provincial office. Null for an unknown unit.
 */
export const agencyOf = (path: readonly Unit[]): string | null => (path.find(({ kind }) => kind !== "division") ?? path.at(-1))?.code ?? null
