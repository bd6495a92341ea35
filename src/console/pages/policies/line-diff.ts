/** Which lines of a text another one has not, and the other way round. Pure. */
export interface DiffLine {
  readonly kind: "same" | "removed" | "added"
  readonly text: string
  /** From 1, in the text that has it: the new one where both do. */
  readonly line: number
}

/** Beyond this many pairs of lines in what differs, the whole of it counts as replaced: some 5 ms. */
const maxPairs = 1_000_000

export function lineDiff(before: string, after: string): readonly DiffLine[] {
  const [old, fresh] = [before.split("\n"), after.split("\n")]
  let start = 0
  while (start < old.length && start < fresh.length && old[start] === fresh[start]) start++
  let end = 0
  while (end < old.length - start && end < fresh.length - start && old[old.length - 1 - end] === fresh[fresh.length - 1 - end]) end++
  const same = (text: string, at: number): DiffLine => ({ kind: "same", text, line: at + 1 })
  const tail = fresh.length - end
  return [
    ...fresh.slice(0, start).map(same),
    ...middle(old.slice(start, old.length - end), fresh.slice(start, tail), start),
    ...fresh.slice(tail).map((text, at) => same(text, tail + at)),
  ]
}

/** By the longest common subsequence. */
function middle(old: readonly string[], fresh: readonly string[], offset: number): readonly DiffLine[] {
  const removed = (at: number): DiffLine => ({ kind: "removed", text: old[at] ?? "", line: offset + at + 1 })
  const added = (at: number): DiffLine => ({ kind: "added", text: fresh[at] ?? "", line: offset + at + 1 })
  if (old.length * fresh.length > maxPairs) return [...old.map((_text, at) => removed(at)), ...fresh.map((_text, at) => added(at))]
  const width = fresh.length + 1
  const lengths = new Uint32Array((old.length + 1) * width)
  const lengthAt = (row: number, column: number): number => lengths[row * width + column] ?? 0
  for (let row = old.length - 1; row >= 0; row--) {
    for (let column = fresh.length - 1; column >= 0; column--) lengths[row * width + column] = old[row] === fresh[column] ? lengthAt(row + 1, column + 1) + 1 : Math.max(lengthAt(row + 1, column), lengthAt(row, column + 1))
  }
  const lines: DiffLine[] = []
  let [row, column] = [0, 0]
  while (row < old.length || column < fresh.length) {
    if (row < old.length && column < fresh.length && old[row] === fresh[column]) {
      lines.push({ kind: "same", text: fresh[column] ?? "", line: offset + column + 1 })
      row++
      column++
    } else if (column >= fresh.length || (row < old.length && lengthAt(row + 1, column) >= lengthAt(row, column + 1))) lines.push(removed(row++))
    else lines.push(added(column++))
  }
  return lines
}
