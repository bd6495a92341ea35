import type { MemberRow } from "../import/rows.ts"

/** What must be left out so that no group contains itself: each group and each member is looked at once, however they are nested. Pure. */
export function ringsIn(inside: ReadonlyMap<string, ReadonlySet<string>>): readonly MemberRow[] {
  const rings: MemberRow[] = []
  const done = new Set<string>()
  for (const start of inside.keys()) {
    /** From the outermost group to the one that is looked into, each with the members that are left of it. */
    const path = new Map<string, Iterator<string>>()
    const open: string[] = []
    const enter = (group: string): void => {
      path.set(group, (inside.get(group) ?? new Set()).values())
      open.push(group)
    }
    if (!done.has(start)) enter(start)
    for (let group = open.at(-1); group !== undefined; group = open.at(-1)) {
      const next = path.get(group)?.next()
      if (next === undefined || next.done === true) {
        path.delete(group)
        done.add(group)
        open.pop()
      } else if (path.has(next.value)) rings.push({ group, member: next.value })
      else if (inside.has(next.value) && !done.has(next.value)) enter(next.value)
    }
  }
  return rings
}
