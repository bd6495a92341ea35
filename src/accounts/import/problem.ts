/** One thing wrong with an import file, where to find it and why. */
export interface ImportProblem {
  readonly file: string
  /** Of the file, counted from 1; 0 when it is about the file as a whole. */
  readonly line: number
  /** Name of the column; empty when it is about the whole row. */
  readonly column: string
  readonly reason: string
}

/** Every bad row is reported, but a file of nothing else must not fill the memory. */
const maxKept = 10_000

export interface ProblemList {
  readonly kept: readonly ImportProblem[]
  /** All, those not kept included. */
  readonly total: number
  add(problem: ImportProblem): void
}

export function createProblemList(): ProblemList {
  const kept: ImportProblem[] = []
  let total = 0
  return {
    kept,
    get total() {
      return total
    },
    add(problem) {
      total++
      if (kept.length < maxKept) kept.push(problem)
    },
  }
}

/** `accounts.csv:12: address: …`, as compilers write it. */
export const describeProblem = ({ file, line, column, reason }: ImportProblem): string =>
  `${file}${line > 0 ? `:${line}` : ""}: ${column ? `${column}: ` : ""}${reason}`

/** File by file, line by line, column by column in the order they were found. */
export const inFileOrder = (problems: readonly ImportProblem[], files: readonly string[]): ImportProblem[] =>
  problems.toSorted((a, b) => files.indexOf(a.file) - files.indexOf(b.file) || a.line - b.line)
