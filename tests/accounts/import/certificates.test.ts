import { spawnSync } from "node:child_process"
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest"
import { defaultMailboxes } from "../../../src/accounts/default-mailboxes.ts"
import { type ImportOutcome, type ImportRequest, importFolder } from "../../../src/accounts/import/import.ts"
import { isEmptyPlan } from "../../../src/accounts/import/plan.ts"
import { describeProblem } from "../../../src/accounts/import/problem.ts"
import { type DevelopmentSmimeCa, openDevelopmentSmimeCa } from "../../../src/pki/development-smime-ca.ts"
import { pem } from "../../../src/pki/write-certificate.ts"
import { createCertificateRegistry } from "../../../src/store/sql/certificates.ts"
import { loadDirectory } from "../../../src/store/sql/directory.ts"
import { createProvisioningStore } from "../../../src/store/sql/provisioning.ts"
import { createTestDatabase, type TestDatabase } from "../../support/database.ts"

const now = Date.parse("2026-06-15T03:00:00Z")
const clock = { now: () => now }
let caDir: string
let ca: DevelopmentSmimeCa
let database: TestDatabase
let dir: string
beforeAll(async () => {
  caDir = await mkdtemp(join(tmpdir(), "congthu-smime-"))
  ca = await openDevelopmentSmimeCa({ dir: caDir, clock })
})
afterAll(() => rm(caDir, { recursive: true }))
beforeEach(async () => {
  database = await createTestDatabase()
  dir = await mkdtemp(join(tmpdir(), "congthu-import-"))
  for (const [name, text] of Object.entries(files)) await writeFile(join(dir, name), text)
  await mkdir(join(dir, "certs"))
})
afterEach(async () => {
  await database.drop()
  await rm(dir, { recursive: true })
})

const files = {
  "organization-units.csv": "code,name,kind,parent_code,domain\nSNV,Sở Nội vụ,department,,tinh.example\n",
  "principals.csv": "principal_id,kind,name,unit_code,title,phone\nTC1,organization,Sở Nội vụ,SNV,,\nCN1,individual,Đặng Thị Ánh,SNV,,\n",
  "accounts.csv": "address,kind,display_name,unit_code,quota\nso@tinh.example,organizational,Sở Nội vụ,SNV,1GiB\nmotcua@tinh.example,organizational,Một cửa,SNV,1GiB\nanh@tinh.example,personal,Đặng Thị Ánh,SNV,1GiB\n",
  "assignments.csv": "address,principal_id,rights,from,until\nso@tinh.example,TC1,owner,,\nmotcua@tinh.example,TC1,owner,,\nanh@tinh.example,CN1,owner,,\nso@tinh.example,CN1,read sign,,\n",
}
const header = "principal_id,use,file,addresses,from,until\n"

const certificateOf = (commonName: string, more: { readonly serialNumber?: string } = {}): Uint8Array => ca.issue({ subject: { commonName, country: "VN" }, ...more }).certificateDer
const put = (name: string, bytes: Uint8Array | string): Promise<void> => writeFile(join(dir, "certs", name), bytes)
const list = (rows: string): Promise<void> => writeFile(join(dir, "certificates.csv"), header + rows)

const run = (request: Partial<ImportRequest> = {}): Promise<ImportOutcome> =>
  importFolder({ dir, credentialsPath: null, suspendMissing: false, reactivate: false, dryRun: false, ...request }, { store: createProvisioningStore(database), mailboxes: defaultMailboxes(true), clock })

async function plan(request: Partial<ImportRequest> = {}) {
  const outcome = await run(request)
  if (outcome.kind !== "done") throw new Error(JSON.stringify(outcome))
  return outcome.plan
}

const registry = () => createCertificateRegistry(database)

test("certificates are bound to their holders and accounts, and importing them twice changes nothing", async () => {
  await put("anh.der", certificateOf("Đặng Thị Ánh"))
  // a chain, as an authority hands it out
  await put("so.pem", pem("CERTIFICATE", certificateOf("Sở Nội vụ")) + pem("CERTIFICATE", ca.intermediate.certificate.der) + pem("CERTIFICATE", ca.root.certificate.der))
  await list("CN1,personal,certs/anh.der,,,\nTC1,organizational,certs/so.pem,motcua@tinh.example SO@tinh.example,2026-01-01,2026-12-31\n")
  expect((await plan()).tables.certificates).toMatchObject({ add: [{ principalId: "CN1", addresses: [] }, { principalId: "TC1", addresses: ["motcua@tinh.example", "so@tinh.example"] }], change: [] })
  expect(isEmptyPlan(await plan())).toBe(true)

  const records = await registry().list()
  expect(records.map(({ subject, holderName, use, state, accounts }) => [subject, holderName, use, state, accounts])).toEqual(
    expect.arrayContaining([
      ["CN=Đặng Thị Ánh,C=VN", "Đặng Thị Ánh", "personal", "active", []],
      ["CN=Sở Nội vụ,C=VN", "Sở Nội vụ", "organizational", "active", ["motcua@tinh.example", "so@tinh.example"]],
    ]),
  )
  const directory = await loadDirectory(database)
  const accountIds = ["so@tinh.example", "motcua@tinh.example"].map((address) => {
    const target = directory.resolve(address)
    return target.kind === "account" ? target.account.id : 0
  })
  for (const { fingerprint, use } of records) {
    const [detail] = await registry().find(fingerprint)
    expect(directory.certificate(fingerprint)).toMatchObject(use === "personal" ? { holder: { id: "CN1" }, accountIds: null } : { holder: { id: "TC1" }, accountIds: accountIds.toSorted((a, b) => a - b), from: "2026-01-01", until: "2026-12-31" })
    expect(detail).toMatchObject({ source: "import", stateReason: "" })
  }
})

test("what changed is changed: the holder, the use, the accounts, the days", async () => {
  await put("anh.der", certificateOf("Đặng Thị Ánh"))
  await list("CN1,personal,certs/anh.der,anh@tinh.example,,\n")
  await plan()
  await list("CN1,mobile,certs/anh.der,so@tinh.example,,2027-01-01\n")
  expect((await plan()).tables.certificates).toMatchObject({ add: [], change: [{ use: "mobile" }] })
  expect(await registry().list()).toMatchObject([{ use: "mobile", accounts: ["so@tinh.example"] }])
  expect(isEmptyPlan(await plan())).toBe(true)
})

test("what is missing is suspended when asked, comes back when asked, and a revoked one never does", async () => {
  const rows = ["CN1,personal,certs/a.der,,,\n", "CN1,mobile,certs/b.der,,,\n"]
  for (const name of ["a", "b"]) await put(`${name}.der`, certificateOf(name))
  await list(rows.join(""))
  await plan()
  const b = (await registry().list()).find(({ subject }) => subject.startsWith("CN=b,"))?.fingerprint ?? ""
  await list(rows[0] ?? "")
  expect(isEmptyPlan(await plan())).toBe(true)
  expect((await plan({ suspendMissing: true })).tables.certificates).toMatchObject({ suspend: [{ fingerprint: b }], unchanged: 1 })
  expect(isEmptyPlan(await plan({ suspendMissing: true }))).toBe(true)
  expect((await loadDirectory(database)).certificate(b)?.state).toBe("suspended")

  await list(rows.join(""))
  expect((await plan()).tables.certificates).toMatchObject({ leftSuspended: 1, reactivate: [] })
  expect((await plan({ reactivate: true })).tables.certificates).toMatchObject({ reactivate: [{ fingerprint: b }] })
  expect((await loadDirectory(database)).certificate(b)?.state).toBe("active")

  await registry().setState(b, "revoked", { by: "test", source: "command", reason: "lost" })
  expect((await plan({ reactivate: true })).tables.certificates).toMatchObject({ leftSuspended: 1, reactivate: [] })
  expect((await loadDirectory(database)).certificate(b)?.state).toBe("revoked")
  const audit = await database.query<{ kind: string; by: string }>({ text: "SELECT kind, detail->>'by' AS by FROM audit WHERE detail->>'fingerprint' = $1 ORDER BY id" }, [b])
  expect(audit).toEqual([
    { kind: "certificate.added", by: "import" }, { kind: "certificate.suspended", by: "import" }, { kind: "certificate.reinstated", by: "import" }, { kind: "certificate.revoked", by: "test" },
  ])
})

describe("bad rows", () => {
  const problemsOf = async (): Promise<readonly string[]> => {
    const outcome = await run()
    expect(await database.query({ text: "SELECT FROM certificate" })).toEqual([])
    return outcome.kind === "bad" ? outcome.problems.map(describeProblem) : []
  }

  test.each<[row: string, problem: string]>([
    ["CN9,personal,certs/a.der,,,", 'certificates.csv:2: principal_id: there is no principal "CN9"'],
    ["CN1,organizational,certs/a.der,,,", 'certificates.csv:2: use: CN1 is a person: their certificates are "personal" or "mobile"'],
    ["TC1,mobile,certs/a.der,,,", 'certificates.csv:2: use: TC1 is an organization: its certificates are "organizational"'],
    ["CN1,office,certs/a.der,,,", 'certificates.csv:2: use: "office" is not one of: personal, organizational, mobile'],
    ["CN1,personal,,,,", "certificates.csv:2: file: is empty"],
    ["CN1,personal,certs/none.der,,,", "certificates.csv:2: file: certs/none.der: the file does not exist"],
    ["CN1,personal,certs,,,", "certificates.csv:2: file: certs: this is not a file"],
    ["CN1,personal,../a.der,,,", "certificates.csv:2: file: ../a.der is not inside the folder"],
    ["CN1,personal,certs/../../a.der,,,", "certificates.csv:2: file: certs/../../a.der is not inside the folder"],
    ["CN1,personal,/etc/hostname,,,", "certificates.csv:2: file: /etc/hostname is not inside the folder"],
    ["CN1,personal,certs/ca.pem,,,", "certificates.csv:2: file: certs/ca.pem: the file has only certificates of authorities in it; give the holder's own"],
    ["CN1,personal,certs/two.pem,,,", "certificates.csv:2: file: certs/two.pem: the file has certificates of 2 holders in it; put each in a file of its own"],
    ["CN1,personal,certs/big.der,,,", "certificates.csv:2: file: certs/big.der: the file is larger than 1 MiB"],
    ["CN1,personal,certs/a.der,none@tinh.example,,", "certificates.csv:2: addresses: there is no account none@tinh.example"],
    ["CN1,personal,certs/a.der,motcua@tinh.example,,", 'certificates.csv:2: addresses: CN1 may not sign for motcua@tinh.example: that takes "owner", or "sign" on an office\'s account'],
    ["CN1,personal,certs/a.der,,2026-02-01,2026-01-01", "certificates.csv:2: until: 2026-01-01 is before 2026-02-01"],
    ["CN1,personal,certs/a.der,,,\nCN1,mobile,certs/copy.pem,,,", "certificates.csv:3: file: the certificate in certs/copy.pem is already in line 2"],
    ["CN1,personal,certs/a.der,,,\nCN1,mobile,certs/twin.der,,,", "certificates.csv:3: file: another certificate with the same issuer and serial number is registered: one of the two is not what it says"],
  ])("%s", async (row, problem) => {
    const a = certificateOf("a", { serialNumber: "1234" })
    await put("a.der", a)
    await put("copy.pem", pem("CERTIFICATE", a))
    await put("twin.der", certificateOf("b", { serialNumber: "1234" }))
    await put("ca.pem", pem("CERTIFICATE", ca.intermediate.certificate.der))
    await put("two.pem", pem("CERTIFICATE", a) + pem("CERTIFICATE", certificateOf("b")))
    await put("big.der", Buffer.alloc(1024 * 1024 + 1))
    await list(`${row}\n`)
    expect(await problemsOf()).toEqual([problem])
  })

  const openssl = (...args: readonly string[]): void => {
    const { status, stderr } = spawnSync("openssl", args, { encoding: "utf8" })
    if (status !== 0) throw new Error(stderr)
  }

  test.each<[name: string, make: (file: string) => Promise<void> | void, problem: string]>([
    ["anything else", (file) => writeFile(file, "not a certificate"), "the file has no certificate in it"],
    ["a key and its certificate", (file) => writeFile(file, `${pem("CERTIFICATE", certificateOf("a"))}-----BEGIN PRIVATE KEY-----\n`), "the file has a private key in it: give only the certificate, and keep the key to its holder"],
  ])("a file of %s is told as such", async (_name, make, problem) => {
    await make(join(dir, "certs/a.pem"))
    await list("CN1,personal,certs/a.pem,,,\n")
    expect(await problemsOf()).toEqual([`certificates.csv:2: file: certs/a.pem: ${problem}`])
  })

  test.skipIf(spawnSync("openssl", ["version"]).status !== 0)("PKCS #7 and PKCS #12 without a key, as OpenSSL writes them, are read; PKCS #12 with a password is told as such", async () => {
    for (const name of ["a", "b", "c"]) await put(`${name}.pem`, pem("CERTIFICATE", certificateOf(name)))
    const at = (name: string): string => join(dir, "certs", name)
    openssl("crl2pkcs7", "-nocrl", "-certfile", at("a.pem"), "-outform", "DER", "-out", at("a.p7b"))
    openssl("pkcs12", "-export", "-nokeys", "-in", at("b.pem"), "-passout", "pass:", "-out", at("b.p12"))
    openssl("pkcs12", "-export", "-nokeys", "-in", at("c.pem"), "-passout", "pass:x", "-out", at("c.p12"))
    await list("CN1,personal,certs/c.p12,,,\n")
    expect(await problemsOf()).toEqual(["certificates.csv:2: file: certs/c.p12: the file needs a password"])
    await list("CN1,personal,certs/a.p7b,,,\nCN1,mobile,certs/b.p12,,,\n")
    expect((await plan()).tables.certificates.add).toHaveLength(2)
  })
})
