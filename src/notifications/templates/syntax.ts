import { failed, ok, type Result } from "../../base/result.ts"

/**
 * What templates are written in: text with `{{field}}`, and parts that are there only when a field is (`{{#field}}…{{/field}}`) or only when it is not
 * (`{{^field}}…{{/field}}`). There is nothing else to say in it: no expression, no call, no way to leave the escaping out, so that data stays data. Pure.
 */
export type Piece =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "field"; readonly name: string }
  | { readonly kind: "section"; readonly name: string; readonly whenAbsent: boolean; readonly pieces: readonly Piece[] }

const maxDepth = 5
/** Not within more braces: elsewhere three of them mean "without escaping", which there is no way to say here. */
const tag = /(?<!\{)\{\{([#^/]?)\s*([A-Za-z][A-Za-z0-9]{0,39})\s*\}\}(?!\})/g

/** Failure: what is wrong, for who wrote it. */
export function parseTemplate(source: string): Result<readonly Piece[], string> {
  const root: Piece[] = []
  const open: { readonly name: string; readonly whenAbsent: boolean; readonly pieces: Piece[] }[] = []
  let at = 0
  const current = (): Piece[] => open.at(-1)?.pieces ?? root
  const addText = (text: string): string | undefined => {
    // a brace that means nothing here was meant to mean something
    if (text.includes("{{") || text.includes("}}")) return `"${/.{0,10}(?:\{\{|\}\}).{0,20}/s.exec(text)?.[0] ?? ""}" is no {{field}}, {{#field}}, {{^field}} or {{/field}}`
    if (text !== "") current().push({ kind: "text", text })
    return undefined
  }
  for (const match of source.matchAll(tag)) {
    const [whole, sign = "", name = ""] = match
    const problem = addText(source.slice(at, match.index))
    if (problem !== undefined) return failed(problem)
    at = match.index + whole.length
    if (sign === "") current().push({ kind: "field", name })
    else if (sign === "/") {
      const closed = open.pop()
      if (closed?.name !== name) return failed(`{{/${name}}} closes nothing that is open there`)
      current().push({ kind: "section", ...closed })
    } else if (open.length === maxDepth) return failed(`{{${sign}${name}}} is nested deeper than ${maxDepth}`)
    else open.push({ name, whenAbsent: sign === "^", pieces: [] })
  }
  const problem = addText(source.slice(at))
  if (problem !== undefined) return failed(problem)
  const [left] = open
  return left ? failed(`{{/${left.name}}} is missing`) : ok(root)
}

/** Every field that is named, sections included. */
export const fieldsIn = (pieces: readonly Piece[]): readonly string[] =>
  pieces.flatMap((piece) => (piece.kind === "text" ? [] : piece.kind === "field" ? [piece.name] : [piece.name, ...fieldsIn(piece.pieces)]))

/** `value`: as it is shown, undefined for one that is absent; `escape` is applied to each value and to nothing else. */
export const renderTemplate = (pieces: readonly Piece[], value: (name: string) => string | undefined, escape: (text: string) => string): string =>
  pieces.map((piece) => renderPiece(piece, value, escape)).join("")

function renderPiece(piece: Piece, value: (name: string) => string | undefined, escape: (text: string) => string): string {
  if (piece.kind === "text") return piece.text
  const shown = value(piece.name)
  if (piece.kind === "field") return escape(shown ?? "")
  return (shown === undefined) === piece.whenAbsent ? renderTemplate(piece.pieces, value, escape) : ""
}

const entities: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;", "`": "&#96;", "=": "&#61;", "{": "&#123;", "}": "&#125;" }

/** For text and for attributes in double quotes. Line ends become visible ones. */
export const escapeHtml = (text: string): string => text.replace(/[&<>"'`={}]/g, (char) => entities[char] ?? "").replaceAll("\n", "<br>")

export const plainText = (text: string): string => text
