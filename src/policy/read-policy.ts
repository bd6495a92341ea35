import { type Document, isMap, isScalar, parseDocument, visit } from "yaml"
import { failed, ok, type Result } from "../base/result.ts"
import { findContradictions } from "./contradictions.ts"
import { type PolicyDocument, policyLimits, policySchema } from "./policy-document.ts"

/** The text of a policy file → its document, or everything that is wrong with it and where. Pure; never throws. */
export interface PolicyProblem {
  /** From 1. */
  readonly line: number
  readonly column: number
  /** `rules.3.verdict`, empty for the file as a whole. */
  readonly key: string
  readonly reason: string
}

type Path = readonly PropertyKey[]

/** More would only repeat themselves. */
const maxProblems = 50

export function readPolicy(source: string): Result<PolicyDocument, readonly PolicyProblem[]> {
  const parsed = parsePolicy(source)
  return parsed.ok ? checkPolicy(parsed.value) : parsed
}

/** A text that is YAML; what it says is `checkPolicy`'s question. Two steps of some milliseconds each, for whoever must let others have their turn. */
export interface ParsedPolicy {
  readonly tree: unknown
  readonly locate: Locate
}

export function parsePolicy(source: string): Result<ParsedPolicy, readonly PolicyProblem[]> {
  if (Buffer.byteLength(source) > policyLimits.bytes) return failed([{ line: 1, column: 1, key: "", reason: `the file is larger than ${policyLimits.bytes / 1024} KiB` }])
  const place = placesIn(source)
  const read = readYaml(source, place)
  if (!read.ok) return read
  const { document, tree } = read.value
  return tree === null ? failed([{ ...place(0), key: "", reason: "the file is empty" }]) : ok({ tree, locate: locator(document, place) })
}

export function checkPolicy({ tree, locate }: ParsedPolicy): Result<PolicyDocument, readonly PolicyProblem[]> {
  const parsed = policySchema.safeParse(tree)
  if (!parsed.success) return failed(sorted(parsed.error.issues.flatMap((issue) => problemsOf(issue, locate))))
  const contradictions = findContradictions(parsed.data)
  return contradictions.length > 0 ? failed(sorted(contradictions.map(({ path, reason }) => problemAt(path, reason, locate)))) : ok(parsed.data)
}

/** `12:5: rules.3.verdict: is …`, for people. */
export const describePolicyProblem = ({ line, column, key, reason }: PolicyProblem): string => `${line}:${column}: ${key === "" ? "" : `${key}: `}${reason}`

interface ReadYaml {
  readonly document: Document
  readonly tree: unknown
}

interface Place {
  readonly line: number
  readonly column: number
}

/** Offset → line and column; the parser's own counter loses its way after some errors. */
function placesIn(source: string): (offset: number) => Place {
  const starts = [0]
  for (let end = source.indexOf("\n"); end !== -1; end = source.indexOf("\n", end + 1)) starts.push(end + 1)
  return (offset) => {
    const within = Math.min(offset, source.length)
    const line = starts.findLastIndex((start) => start <= within) + 1
    return { line, column: within - (starts[line - 1] ?? 0) + 1 }
  }
}

function readYaml(source: string, place: (offset: number) => Place): Result<ReadYaml, readonly PolicyProblem[]> {
  const at = (offset: number, reason: string): PolicyProblem => ({ ...place(offset), key: "", reason })
  try {
    const document = parseDocument(source, { prettyErrors: false, logLevel: "silent" })
    if (document.errors.length > 0) return failed(document.errors.slice(0, maxProblems).map((error) => at(error.pos[0], yamlReason(error.message))))
    // an alias may stand for itself a thousandfold; a policy is short enough to be written out
    const aliases: PolicyProblem[] = []
    visit(document, { Alias: (_key, node) => void aliases.push(at(node.range?.[0] ?? 0, "aliases (*name) are not allowed here: write it out")) })
    return aliases.length > 0 ? failed(aliases.slice(0, maxProblems)) : ok({ document, tree: document.toJS() })
  } catch (error) {
    if (error instanceof RangeError) return failed([at(0, yamlReason(error.message))])
    throw error
  }
}

/** A stack of brackets as high as the file is long. */
const yamlReason = (message: string): string => (message.startsWith("Maximum call stack") ? "the file is nested too deeply" : message)

type Locate = (path: Path, what: "key" | "value") => Place

/** Where a path is in the file; where it is not, the nearest thing around it. */
const locator =
  (document: Document, place: (offset: number) => Place): Locate =>
  (path, what) => {
    for (let length = path.length; length > 0; length--) {
      const part = path.slice(0, length)
      const node = what === "key" && length === path.length ? keyNode(document, part) : document.getIn(part, true)
      const range = typeof node === "object" && node !== null && "range" in node ? (node.range as readonly number[] | null | undefined) : undefined
      if (range?.[0] !== undefined) return place(range[0])
    }
    return { line: 1, column: 1 }
  }

function keyNode(document: Document, path: Path): unknown {
  const parent = path.length === 1 ? document.contents : document.getIn(path.slice(0, -1), true)
  return isMap(parent) ? parent.items.find(({ key }) => isScalar(key) && key.value === path.at(-1))?.key : undefined
}

type Issue = { readonly code?: string | undefined; readonly path: Path; readonly message: string; readonly keys?: readonly string[]; readonly input?: unknown }

function problemsOf(issue: Issue, locate: Locate): PolicyProblem[] {
  if (issue.code === "unrecognized_keys") {
    return (issue.keys ?? []).map((key) => {
      const path = [...issue.path, key]
      return { ...locate(path, "key"), key: shown(path), reason: "is no key that is known here" }
    })
  }
  if (issue.code === "invalid_key") return [{ ...locate(issue.path, "key"), key: shown(issue.path), reason: "is no name: letters, digits and hyphens, a letter first" }]
  return [problemAt(issue.path, issue.code === "invalid_type" && issue.message.startsWith("Invalid input") ? typeReason(issue.message) : issue.message, locate)]
}

/** zod's "Invalid input: expected array, received undefined". */
const typeReason = (message: string): string => {
  const [, expected, received] = /expected (\w+), received (\w+)/.exec(message) ?? []
  if (expected === undefined) return message
  return received === "undefined" ? "is missing" : `is ${received === "null" ? "empty" : `a ${received}`}, where a ${expected} is expected`
}

const problemAt = (path: Path, reason: string, locate: Locate): PolicyProblem => ({ ...locate(path, "value"), key: shown(path), reason })

const shown = (path: Path): string => path.map(String).join(".")

const sorted = (problems: readonly PolicyProblem[]): readonly PolicyProblem[] => problems.toSorted((a, b) => a.line - b.line || a.column - b.column).slice(0, maxProblems)
