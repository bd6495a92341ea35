import { failed, ok, type Result } from "../../base/result.ts"
import { type ScimFilter, type ScimOperator, scimOperators, type ScimValue } from "../../store/scim-store.ts"

/** Filters and paths of SCIM (RFC 7644 §3.4.2.2, §3.5.2), bounded: what clients write is no program. Pure. Failures: a clause about the text. */
const maxCharacters = 2_000
const maxTerms = 100
const maxDepth = 20

/** RFC 7643 §3.3: the schema may stand before the attribute. */
const urn = /^urn:ietf:params:scim:schemas:(?:core:2\.0:(?:user|group)|extension:enterprise:2\.0:user):/i

/** As the store has it: without the schema, in small letters. */
export const plainPath = (path: string): string => path.replace(urn, "").toLowerCase()

export function parseFilter(text: string): Result<ScimFilter, string> {
  return parsed(text, (reader) => reader.or(0))
}

/** Of a PATCH operation: the attribute, which of its values, what of them. */
export interface ScimPath {
  readonly attribute: string
  readonly filter?: ScimFilter
  readonly sub?: string
}

export function parsePath(text: string): Result<ScimPath, string> {
  return parsed(text, (reader) => {
    const path = reader.attribute()
    if (!reader.take("[")) return split(path)
    const filter = reader.or(1)
    reader.expect("]")
    const sub = reader.subAttribute()
    return { attribute: path, filter, ...(sub !== undefined && { sub }) }
  })
}

/** Attributes have one level of sub-attributes (RFC 7643 §2.3.8). */
function split(path: string): ScimPath {
  const dot = path.indexOf(".")
  return dot < 0 ? { attribute: path } : { attribute: path.slice(0, dot), sub: path.slice(dot + 1) }
}

class FilterError extends Error {}

function parsed<T>(text: string, read: (reader: Reader) => T): Result<T, string> {
  if (text.length > maxCharacters) return failed(`is longer than ${maxCharacters} characters`)
  try {
    const reader = createReader(text)
    const value = read(reader)
    reader.end()
    return ok(value)
  } catch (error) {
    if (error instanceof FilterError) return failed(error.message)
    throw error
  }
}

type Reader = ReturnType<typeof createReader>

// oxlint-disable-next-line no-control-regex -- what JSON text may not hold as it is (RFC 8259 §7)
const token = /\s*(?:([()[\]])|("(?:[^"\\\x00-\x1f]|\\.)*")|([^\s()[\]"]+))/y

function createReader(text: string) {
  const tokens: string[] = []
  token.lastIndex = 0
  while (token.lastIndex < text.length) {
    const at = token.lastIndex
    const match = token.exec(text)
    if (!match) {
      if (text.slice(at).trim() === "") break
      throw new FilterError(`is not understood at "${text.slice(at, at + 20)}"`)
    }
    tokens.push(match[1] ?? match[2] ?? match[3] ?? "")
  }
  let at = 0
  let terms = 0
  const next = (): string | undefined => tokens[at]
  const isWord = (word: string): boolean => next()?.toLowerCase() === word
  const take = (word: string): boolean => {
    if (!isWord(word)) return false
    at++
    return true
  }
  const expect = (word: string): void => {
    if (!take(word)) throw new FilterError(`lacks "${word}" ${next() === undefined ? "at its end" : `before "${next() ?? ""}"`}`)
  }
  const attribute = (): string => {
    const word = next()
    if (word === undefined || !/^(?:urn:[\w.:-]+:)?[a-z$][\w$-]*(?:\.[a-z$][\w$-]*)?$/i.test(word)) throw new FilterError(`has ${word === undefined ? "nothing" : `"${word}"`} where an attribute belongs`)
    at++
    return plainPath(word)
  }
  const subAttribute = (): string | undefined => {
    const sub = /^\.([a-z$][\w$-]*)$/i.exec(next() ?? "")?.[1]
    if (sub !== undefined) at++
    return sub?.toLowerCase()
  }
  const term = (depth: number): ScimFilter => {
    if (++terms > maxTerms || depth > maxDepth) throw new FilterError("is too long")
    if (isWord("not") && tokens[at + 1] === "(") {
      at++
      return { kind: "not", inner: grouped(depth) }
    }
    if (isWord("(")) return grouped(depth)
    const path = attribute()
    if (!take("[")) return comparison(path)
    const inner = or(depth + 1)
    expect("]")
    const sub = subAttribute()
    return { kind: "some", path, inner: sub === undefined ? inner : { kind: "and", left: inner, right: comparison(sub) } }
  }
  const grouped = (depth: number): ScimFilter => {
    expect("(")
    const inner = or(depth + 1)
    expect(")")
    return inner
  }
  const comparison = (path: string): ScimFilter => {
    if (take("pr")) return { kind: "present", path }
    const operator = operatorOf(next())
    if (operator === undefined) throw new FilterError(`has ${next() === undefined ? "nothing" : `"${next() ?? ""}"`} where an operator belongs`)
    at++
    const value = valueOf(next())
    at++
    return { kind: "compare", path, operator, value }
  }
  const and = (depth: number): ScimFilter => {
    let left = term(depth)
    while (take("and")) left = { kind: "and", left, right: term(depth) }
    return left
  }
  const or = (depth: number): ScimFilter => {
    let left = and(depth)
    while (take("or")) left = { kind: "or", left, right: and(depth) }
    return left
  }
  return {
    or, attribute, subAttribute, take, expect,
    end() {
      if (next() !== undefined) throw new FilterError(`has "${next() ?? ""}" behind its end`)
    },
  }
}

const operatorOf = (word: string | undefined): ScimOperator | undefined => scimOperators.find((operator) => operator === word?.toLowerCase())

/** JSON (RFC 8259), but no list and no object. */
function valueOf(word: string | undefined): ScimValue {
  if (word === undefined) throw new FilterError("ends where a value belongs")
  if (word.startsWith('"') || /^(?:true|false|null|-?\d)/i.test(word)) {
    try {
      const value: unknown = JSON.parse(word.startsWith('"') ? word : word.toLowerCase())
      if (value === null || (typeof value === "string" && !value.includes("\0")) || typeof value === "number" || typeof value === "boolean") return value
    } catch {
      // told below
    }
  }
  throw new FilterError(`has "${word.slice(0, 40)}" where a value belongs`)
}
