import { withoutDiacritics } from "../../base/folded-name.ts"
import { type DirectoryKind, directoryKinds, type DirectoryQuestion, type Found, type Hit } from "../directory-view.ts"
import type { Transaction } from "./database.ts"
import { inScope, scopeValue } from "./scope.ts"

/** What people find in the directory while they type. */
export const maxHits = 500
const maxOffset = 100_000
const maxWords = 8
const maxCharacters = 100

export async function findInDirectory(on: Pick<Transaction, "query">, { scope, text, kinds = directoryKinds, unit, suspended, offset = 0, limit }: DirectoryQuestion): Promise<Found> {
  const words = foldedWords(text)
  const asked = Math.max(1, Math.min(limit, maxHits))
  const rows = await on.query<Hit>({ name: "directory-find", text: statement }, [
    scopeValue(scope),
    words.map((word) => `%${word}%`),
    words.map((word) => `% ${word}%`),
    `${words.join(" ")}%`,
    kinds,
    unit?.below === true ? [unit.code] : null,
    unit?.below === false ? unit.code : null,
    suspended ?? null,
    Math.max(0, Math.min(offset, maxOffset)),
    asked + 1,
  ])
  return { hits: rows.slice(0, asked), more: rows.length > asked }
}

/** As the columns `folded` have it; what means something to LIKE means itself. */
const foldedWords = (text: string): readonly string[] =>
  withoutDiacritics(text.slice(0, maxCharacters)).toLowerCase().split(/\s+/).filter((word) => word !== "").slice(0, maxWords).map((word) => word.replace(/[\\%_]/g, "\\$&"))

interface Source {
  readonly from: string
  /** Columns of a hit, in its order: key, name, detail. */
  readonly columns: readonly [string, string, string]
  readonly unit: string
  readonly suspended: string
  readonly folded: string
}

const sources: Readonly<Record<DirectoryKind, Source>> = {
  person: { from: "principal p", columns: ["p.id", "p.name", "p.title"], unit: "p.unit_code", suspended: "p.suspended_at IS NOT NULL", folded: "p.folded" },
  account: { from: "account a", columns: ["a.address", "a.display_name", "a.kind"], unit: "a.unit_code", suspended: "a.suspended_at IS NOT NULL", folded: "a.folded" },
  group: { from: "mail_group g", columns: ["g.address", "g.display_name", "CASE WHEN g.moderators IS NOT NULL THEN 'moderated' WHEN g.allowed_senders IS NOT NULL THEN 'restricted' ELSE '' END"], unit: "g.unit_code", suspended: "false", folded: "g.folded" },
  alias: { from: "alias l JOIN account a ON a.id = l.account_id", columns: ["l.address", "a.display_name", "a.address"], unit: "a.unit_code", suspended: "a.suspended_at IS NOT NULL", folded: "l.folded" },
  unit: { from: "organization_unit u", columns: ["u.code", "u.name", "u.kind"], unit: "u.code", suspended: "u.suspended_at IS NOT NULL", folded: "u.folded" },
}

const select = (kind: DirectoryKind, place: number): string => {
  const { from, columns, unit, suspended, folded } = sources[kind]
  const [key, name, detail] = columns
  return `SELECT '${kind}' AS kind, ${place} AS place, ${key} AS key, ${name} AS name, ${detail} AS detail, ${unit} AS unit_code, ${suspended} AS suspended, ${folded} AS folded
    FROM ${from} WHERE '${kind}' = ANY ($5::text[]) AND ${folded} LIKE ALL ($2::text[]) AND ${inScope(unit, "$1")} AND ${inScope(unit, "$6")}
      AND ($7::text IS NULL OR ${unit} = $7) AND ($8::bool IS NULL OR (${suspended}) = $8)`
}

/** Names that begin as typed, then those of which each word begins so, then all others. */
const statement = `
  SELECT h.kind, h.key, h.name, h.detail, h.unit_code AS "unitCode", coalesce(n.name, '') AS "unitName", h.suspended
  FROM (
    SELECT *, CASE WHEN folded LIKE $4 THEN 0 WHEN ' ' || folded LIKE ALL ($3::text[]) THEN 1 ELSE 2 END AS rank
    FROM (${directoryKinds.map(select).join("\n    UNION ALL ")}) AS every
    ORDER BY rank, place, folded, key OFFSET $9 LIMIT $10
  ) AS h LEFT JOIN organization_unit n ON n.code = h.unit_code ORDER BY h.rank, h.place, h.folded, h.key`
