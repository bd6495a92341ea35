import type { Scope } from "../accounts/administrator.ts"
import { placesOf, type BulkRules, namedIn, planBulk } from "../accounts/provision/bulk/plan-bulk.ts"
import { readSheet, sheetProblems } from "../accounts/provision/bulk/sheet.ts"
import { type FieldProblem, problemWords, type Words } from "../accounts/provision/problems.ts"
import { failed, ok, type Result } from "../base/result.ts"
import { printable } from "../mail/printable.ts"
import type { BulkStore } from "../store/bulk-store.ts"

/** From an uploaded file to a plan in the store, or to what is wrong with the file as a whole. */
export interface Upload {
  readonly bytes: Uint8Array
  readonly fileName: string
  readonly scope: Scope
  readonly provinceWide: boolean
  readonly accountId: number | null
  /** Of the API; absent: none. */
  readonly tokenId?: number
  readonly startedBy: string
}

export interface UploadParts {
  readonly store: Pick<BulkStore, "facts" | "plan">
  readonly quotaBytes: BulkRules["quotaBytes"]
  readonly addressRule: string
}

/** Sentences in both languages. */
export type FileProblem = readonly { readonly words: Words; readonly values?: FieldProblem["values"] }[]

export async function planUpload({ bytes, fileName, scope, provinceWide, accountId, tokenId, startedBy }: Upload, { store, quotaBytes, addressRule }: UploadParts): Promise<Result<number, FileProblem>> {
  const sheet = await readSheet(bytes)
  if (!sheet.ok) return failed([{ words: sheetProblems[sheet.failure] }])
  const places = placesOf(sheet.value.header)
  if (!places.ok) return failed(places.failure.map(({ problem, values }) => ({ words: problemWords[problem], ...(values && { values }) })))
  const facts = await store.facts({ scope, ...(await namedIn(sheet.value, places.value)), defaultRule: addressRule })
  const rows = await planBulk(sheet.value, { places: places.value, facts, rules: { quotaBytes, provinceWide } })
  return ok(await store.plan({ fileName: printable(fileName).slice(0, maxFileName), header: sheet.value.header, rows, scope, accountId, startedBy, ...(tokenId !== undefined && { tokenId }) }))
}

const maxFileName = 200
