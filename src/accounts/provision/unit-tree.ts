/** Counts summed up a tree of units, parents before children. Pure; a cycle in the rows is cut, a unit whose parent is not among them is a top. */
export interface TreeRow {
  readonly code: string
  readonly name: string
  readonly parentCode: string | null
}

export interface Placed<Row, Sum> {
  readonly row: Row
  readonly depth: number
  readonly sum: Sum
}

export function unitTree<Row extends TreeRow, Sum>(rows: readonly Row[], { own, add }: { readonly own: (row: Row) => Sum; readonly add: (one: Sum, other: Sum) => Sum }): readonly Placed<Row, Sum>[] {
  const codes = new Set(rows.map(({ code }) => code))
  const children = new Map<string | null, Row[]>()
  for (const row of rows) {
    const parent = row.parentCode !== null && codes.has(row.parentCode) ? row.parentCode : null
    const list = children.get(parent)
    if (list) list.push(row)
    else children.set(parent, [row])
  }
  const placed: { readonly row: Row; readonly depth: number; sum: Sum }[] = []
  const seen = new Set<string>()
  const walk = (row: Row, depth: number): Sum => {
    seen.add(row.code)
    const node = { row, depth, sum: own(row) }
    placed.push(node)
    for (const child of children.get(row.code) ?? []) if (!seen.has(child.code) && depth < maxDepth) node.sum = add(node.sum, walk(child, depth + 1))
    return node.sum
  }
  for (const top of children.get(null) ?? []) walk(top, 0)
  // what is left has itself above it
  for (const row of rows) if (!seen.has(row.code)) walk(row, 0)
  return placed
}

/** Deeper than any administration; bounds the stack. */
const maxDepth = 100
