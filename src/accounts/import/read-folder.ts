import { readdir } from "node:fs/promises"
import { basename, join } from "node:path"
import type { Certificate } from "../../pki/certificate.ts"
import type { ProblemList } from "./problem.ts"
import { readCertificateFiles } from "./read-certificate-files.ts"
import { readTable, type ReadTable } from "./read-table.ts"
import type { CredentialRow, DirectoryTables, TableName } from "./rows.ts"
import { certificateTable, credentialTable, type CsvTable, csvTables, namedRows, type PlainTableName } from "./tables.ts"

/** All rows of an import folder; a file that is not there has none. */
export interface ImportFiles {
  readonly tables: { readonly [Name in TableName]: ReadTable<DirectoryTables[Name]> }
  /** Those of the certificates' rows, by fingerprint. */
  readonly certificates: ReadonlyMap<string, Certificate>
  readonly credentials: ReadTable<CredentialRow>
  readonly credentialsFile: string
  /** Tables whose file is there: only of these can anything be missing. */
  readonly present: ReadonlySet<TableName>
}

const none = { rows: [], keys: new Set<string>() }

export async function readFolder(dir: string, credentialsPath: string | null, problems: ProblemList): Promise<ImportFiles> {
  const names = await csvNames(dir, problems)
  const present = new Set<TableName>()
  const readRows = async <Row>(name: TableName, table: CsvTable<Row>): Promise<ReadTable<Row>> => {
    if (!names.has(table.file)) return none
    present.add(name)
    return readTable(join(dir, table.file), table, problems)
  }
  const read = <Name extends PlainTableName>(name: Name, table: CsvTable<DirectoryTables[Name]>): Promise<ReadTable<DirectoryTables[Name]>> => readRows(name, table)
  const certificates = await readCertificateFiles({ dir, file: certificateTable.file, table: await readRows("certificates", certificateTable) }, problems)
  const tables = {
    units: await read("units", csvTables.units),
    principals: await read("principals", csvTables.principals),
    accounts: await read("accounts", csvTables.accounts),
    assignments: await read("assignments", csvTables.assignments),
    aliases: await read("aliases", csvTables.aliases),
    groups: await read("groups", csvTables.groups),
    members: await read("members", csvTables.members),
    certificates: certificates.table,
  }
  if (present.size === 0 && credentialsPath === null) problems.add({ file: dir, line: 0, column: "", reason: `there is none of the files of an import: ${fileNames.join(", ")}` })
  const credentials = credentialsPath === null ? none : await readCredentials(credentialsPath, problems)
  return { tables, certificates: certificates.byFingerprint, credentials, credentialsFile: basename(credentialsPath ?? credentialTable.file), present }
}

export const fileNames: readonly string[] = Object.values(namedRows).map(({ file }) => file)

/** A misspelt file name must not mean that the file is quietly left out. */
async function csvNames(dir: string, problems: ProblemList): Promise<ReadonlySet<string>> {
  let names: readonly string[]
  try {
    names = (await readdir(dir)).filter((name) => name.toLowerCase().endsWith(".csv"))
  } catch (error) {
    problems.add({ file: dir, line: 0, column: "", reason: `the folder cannot be read (${codeOf(error)})` })
    return new Set()
  }
  for (const file of names) {
    if (!fileNames.includes(file) && file !== credentialTable.file) problems.add({ file, line: 0, column: "", reason: `no file of an import has this name; they are: ${[...fileNames, credentialTable.file].join(", ")}` })
  }
  return new Set(names)
}

async function readCredentials(path: string, problems: ProblemList): Promise<ReadTable<CredentialRow>> {
  try {
    return await readTable(path, credentialTable, problems)
  } catch (error) {
    if (codeOf(error) === "") throw error
    problems.add({ file: basename(path), line: 0, column: "", reason: `the file cannot be read (${codeOf(error)})` })
    return none
  }
}

const codeOf = (error: unknown): string => (error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "")
