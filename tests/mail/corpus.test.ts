import { existsSync, readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { expect, test } from "vitest"
import { disagreements, readImapValue, scan } from "./scan.ts"

const folder = join(import.meta.dirname, "../../../shared/corpus/mime4j")
const files = existsSync(folder) ? readdirSync(folder) : []

test.skipIf(files.length === 0)("every message of the shared corpus is scanned to one consistent structure (skipped: ../shared/corpus is absent)", () => {
  for (const file of files) {
    const bytes = readFileSync(join(folder, file))
    const message = bytes.toString("latin1")
    const scanned = scan(bytes)
    const { structure } = scanned
    readImapValue(structure.envelope)
    expect(disagreements(message, readImapValue(structure.body), structure.root), file).toEqual([])
    expect(disagreements(message, readImapValue(structure.bodyStructure), structure.root), file).toEqual([])
    expect(scan(bytes, [7]), file).toEqual(scanned)
  }
})
