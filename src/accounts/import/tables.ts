import { passwordProblem } from "../credential.ts"
import type { CsvRow } from "./read-csv.ts"
import type { RowCheck } from "./row-check.ts"
import { type CertificateFileRow, certificateUses, type CredentialRow, type DirectoryTables, rights, type TableName, unitKinds } from "./rows.ts"

/** The import files: their names, columns, and how a row of each is read. Adding a column is adding it here, in rows.ts and in the SQL. */
export interface CsvTable<Row> extends NamedRows<Row> {
  readonly columns: readonly string[]
  readonly keyColumn: string
  /** Called with a row that may break rules: `check.good` tells. */
  readonly read: (check: RowCheck, row: CsvRow) => Row
}

export interface NamedRows<Row> {
  readonly file: string
  /** What a row is known by. */
  readonly key: (row: Row) => string
}

const maxName = 200
const maxPath = 200

/** Tables whose rows are all in their CSV file. */
export type PlainTableName = Exclude<TableName, "certificates">

export const csvTables: { readonly [Name in PlainTableName]: CsvTable<DirectoryTables[Name]> } = {
  units: {
    file: "organization-units.csv",
    columns: ["code", "name", "kind", "parent_code", "domain"],
    key: ({ code }) => code,
    keyColumn: "code",
    read: (check) => ({
      code: check.identifier("code"),
      name: check.text("name", { max: maxName }),
      kind: check.oneOf("kind", unitKinds),
      parentCode: check.identifier("parent_code", true) || null,
      domain: check.domain("domain"),
    }),
  },
  principals: {
    file: "principals.csv",
    columns: ["principal_id", "kind", "name", "unit_code", "title", "phone"],
    key: ({ principalId }) => principalId,
    keyColumn: "principal_id",
    read: (check) => ({
      principalId: check.identifier("principal_id"),
      kind: check.oneOf("kind", ["individual", "organization"]),
      name: check.text("name", { max: maxName }),
      unitCode: check.identifier("unit_code"),
      title: check.text("title", { max: maxName, optional: true }),
      phone: phone(check),
    }),
  },
  accounts: {
    file: "accounts.csv",
    columns: ["address", "kind", "display_name", "unit_code", "quota"],
    key: ({ address }) => address,
    keyColumn: "address",
    read: (check) => ({
      address: check.address("address"),
      kind: check.oneOf("kind", ["personal", "organizational"]),
      displayName: check.text("display_name", { max: maxName }),
      unitCode: check.identifier("unit_code"),
      quotaBytes: check.bytes("quota"),
    }),
  },
  assignments: {
    file: "assignments.csv",
    columns: ["address", "principal_id", "rights", "from", "until"],
    key: ({ address, principalId }) => `${principalId} on ${address}`,
    keyColumn: "principal_id",
    read(check) {
      const row = { address: check.address("address"), principalId: check.identifier("principal_id"), rights: check.words("rights", rights), from: check.date("from"), until: check.date("until") }
      if (row.from !== null && row.until !== null && check.good && row.until < row.from) check.bad("until", `${row.until} is before ${row.from}`)
      return row
    },
  },
  aliases: {
    file: "aliases.csv",
    columns: ["address", "target"],
    key: ({ address }) => address,
    keyColumn: "address",
    read: (check) => ({ address: check.address("address"), target: check.address("target") }),
  },
  groups: {
    file: "groups.csv",
    columns: ["address", "display_name", "allowed_senders"],
    key: ({ address }) => address,
    keyColumn: "address",
    read(check) {
      const allowed = check.addresses("allowed_senders")
      return { address: check.address("address"), displayName: check.text("display_name", { max: maxName }), allowedSenders: allowed.length > 0 ? allowed : null }
    },
  },
  members: {
    file: "group-members.csv",
    columns: ["group", "member"],
    key: ({ group, member }) => `${member} in ${group}`,
    keyColumn: "member",
    read: (check) => ({ group: check.address("group"), member: check.address("member") }),
  },
}

const certificatesFile = "certificates.csv"

/** Every table by what its rows are known by. */
export const namedRows: { readonly [Name in TableName]: NamedRows<DirectoryTables[Name]> } = { ...csvTables, certificates: { file: certificatesFile, key: ({ fingerprint }) => fingerprint } }

/** What a row says; the certificate itself is in the file that it names (read-certificate-files.ts). */
export const certificateTable: CsvTable<CertificateFileRow> = {
  file: certificatesFile,
  columns: ["principal_id", "use", "file", "addresses", "from", "until"],
  key: ({ file }) => file,
  keyColumn: "file",
  read(check) {
    const row = {
      principalId: check.identifier("principal_id"), use: check.oneOf("use", certificateUses), file: check.text("file", { max: maxPath }),
      addresses: check.addresses("addresses"), from: check.date("from"), until: check.date("until"),
    }
    if (row.from !== null && row.until !== null && check.good && row.until < row.from) check.bad("until", `${row.until} is before ${row.from}`)
    return row
  },
}

export const credentialTable: CsvTable<CredentialRow> = {
  file: "credentials.csv",
  columns: ["address", "password"],
  key: ({ address }) => address,
  keyColumn: "address",
  read(check, row) {
    const password = row.field("password")
    const problem = passwordProblem(password)
    if (problem !== undefined) check.bad("password", problem)
    return { address: check.address("address"), password }
  },
}

function phone(check: RowCheck): string {
  const text = check.text("phone", { max: 40, optional: true })
  if (!/^[0-9+(). -]*$/.test(text)) check.bad("phone", "may only have digits, spaces and + ( ) . -")
  return text
}
