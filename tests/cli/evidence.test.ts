import { readFile, stat, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { afterAll, beforeAll, expect, test } from "vitest"
import { addEvidenceCommands } from "../../src/cli/evidence-commands.ts"
import { type CommandResult, commandsHere, type CommandsOptions, runCongthu } from "../support/commands.ts"
import { acceptance, createTestStore, type TestStore, unwrap } from "../support/store.ts"
import { type EvidenceWorld, type Frozen, openEvidenceWorld } from "../pki/evidence/evidence-world.ts"

let store: TestStore
let world: EvidenceWorld
let stamped: Frozen
let envelopeId: number
let dir: string
let options: CommandsOptions
let congthu: (...args: readonly string[]) => Promise<CommandResult>
/** As on a machine where no database answers. */
let offlineOptions: CommandsOptions
let offline: typeof congthu
beforeAll(async () => {
  store = await createTestStore()
  dir = store.blobDir
  world = await openEvidenceWorld(store.database)
  stamped = await world.freeze({ stamped: true })
  const [current] = await store.database.query<{ version: number }>({ text: "SELECT version FROM directory_version" })
  const accept = async (bytes: Buffer | string, evidence?: Frozen["evidence"]): Promise<number> =>
    unwrap(await store.acceptances.commit({ ...acceptance({ content: await store.prepare(bytes), accountIds: [], remote: ["dan@ngoai.example"], directoryVersion: current?.version ?? 0 }), ...(evidence && { evidence }) })).envelopeId
  envelopeId = await accept(stamped.message, stamped.evidence)
  await accept("Message-ID: <khong-ky@sonv.tinh.example>\r\n\r\n")
  // as `createTestStore` seals
  await writeFile(join(dir, "content.key"), "07".repeat(32))
  options = { databaseUrl: store.database.url, dataDir: join(dir, "data"), env: { CONGTHU_STORE_KEY_FILE: join(dir, "content.key"), CONGTHU_STORE_BLOB_DIR: dir } }
  congthu = commandsHere([addEvidenceCommands], options)
  offlineOptions = { ...options, databaseUrl: "postgres://127.0.0.1:1/none" }
  offline = commandsHere([addEvidenceCommands], offlineOptions)
})
afterAll(async () => {
  await world.close()
  await store.close()
})

test("a message's evidence is exported by its Message-ID or number, to its owner alone, and verified without a database", async () => {
  const file = join(dir, "evidence.json")
  expect(await congthu("evidence", "export", "<1@sonv.tinh.example>", "--out", file)).toMatchObject({ code: 0, out: "", err: `Wrote ${file}: envelope ${envelopeId}, <1@sonv.tinh.example>.\n` })
  expect((await stat(file)).mode & 0o777).toBe(0o600)
  expect((await runCongthu(options, "evidence", "export", String(envelopeId))).out).toBe(await readFile(file, "utf8"))
  const verified = await offline("evidence", "verify", file, "--trust", world.smime.ca.root.certificateFile)
  expect(verified.out).toMatch(/^✓ Nội dung thư đúng là nội dung đã được tiếp nhận \/ The message is the one that was accepted, octet by octet \[/m)
  expect(verified.out).toMatch(/^Bằng chứng có giá trị \/ The evidence holds\.$/m)
  expect(verified).toMatchObject({ code: 0, err: "" })
})

test("without a root to compare with it holds in part; with another it does not; a damaged file is told apart", async () => {
  const file = join(dir, "evidence.json")
  await congthu("evidence", "export", String(envelopeId), "--out", file)
  expect(await offline("evidence", "verify", file)).toMatchObject({ code: 3 })
  expect(await offline("evidence", "verify", file, "--trust", world.smime.ca.intermediate.certificateFile)).toMatchObject({ code: 1 })
  const damaged = join(dir, "damaged.json")
  await writeFile(damaged, (await readFile(file, "utf8")).replace("signed.organization", "signed.somebody"))
  expect(await runCongthu(offlineOptions, "evidence", "verify", damaged)).toMatchObject({ code: 65, out: "", err: `${damaged}: the file has been damaged or changed: its digest does not fit\n` })
})

test("the message may be left out, and given when it is verified", async () => {
  const file = join(dir, "without.json")
  await congthu("evidence", "export", String(envelopeId), "--no-message", "--out", file)
  const message = join(dir, "message.eml")
  await writeFile(message, stamped.message)
  const trust = ["--trust", world.smime.ca.root.certificateFile]
  expect(await offline("evidence", "verify", file, ...trust)).toMatchObject({ code: 3 })
  expect(await offline("evidence", "verify", file, ...trust, "--message", message)).toMatchObject({ code: 0 })
})

test.each([
  ["khong-co@sonv.tinh.example", "there is no message khong-co@sonv.tinh.example\n"],
  ["khong-ky@sonv.tinh.example", "khong-ky@sonv.tinh.example was accepted without a signature: there is no evidence\n"],
])("%s has none", async (message, err) => {
  expect(await congthu("evidence", "export", message)).toMatchObject({ code: 1, out: "", err })
})
