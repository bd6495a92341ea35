import { execFile } from "node:child_process"
import { readFile } from "node:fs/promises"
import { join } from "node:path"
import { promisify } from "node:util"
import { ImapFlow } from "imapflow"
import { loadOrCreateKey } from "../../src/base/key-file.ts"
import { appPasswordHash, newAppPassword } from "../../src/accounts/credential.ts"
import { loadConfig } from "../../src/config/load.ts"
import { connectDatabase } from "../../src/store/sql/connect.ts"
import { loadDirectory } from "../../src/store/sql/directory.ts"
import { newSeededFolder } from "./seeded-folder.ts"
import { startTestSystem, type TestSystem } from "./system.ts"

/** Who signs in with what. */
export interface ClientLogin {
  readonly address: string
  readonly password: string
}

/** A running system and the logins that real clients use on it. */
export interface ClientsWorld {
  readonly system: TestSystem
  readonly ports: TestSystem["ports"]
  readonly caFile: string
  /** The three logins that `npm start` shows: two colleagues with passwords, their office with an app password. */
  readonly demo: { readonly sender: ClientLogin; readonly colleague: ClientLogin; readonly office: ClientLogin }
  /** A person whom no other test has met, with an app password. */
  newLogin(): Promise<ClientLogin>
  /** A connected imapflow, to prepare and to look; closed with the world at the latest. */
  imap(login: ClientLogin): Promise<ImapFlow>
  close(): Promise<void>
}

export async function createClientsWorld(): Promise<ClientsWorld> {
  const system = await startTestSystem({ dataDir: await newSeededFolder(), env: { CONGTHU_LOG_LEVEL: "info" } })
  const caFile = join(system.dataDir, "pki/ca.pem")
  const ca = await readFile(caFile, "utf8")
  const [sender, colleague, office] = JSON.parse(await readFile(join(system.dataDir, "demo-logins.json"), "utf8")) as ClientLogin[]
  if (!sender || !colleague || !office) throw new Error("the first start made no demo logins")
  const opened = new Set<ImapFlow>()
  const taken = new Set([sender.address, colleague.address, office.address])
  return {
    system,
    ports: system.ports,
    caFile,
    demo: { sender, colleague, office },
    newLogin: () => giveAppPassword(system.dataDir, taken),
    async imap({ address, password }) {
      const client = new ImapFlow({ host: "localhost", port: system.ports.imaps, secure: true, tls: { ca }, auth: { user: address, pass: password }, logger: false })
      opened.add(client)
      await client.connect()
      return client
    },
    async close() {
      for (const client of opened) client.close()
      await system.stop()
      await system.remove()
    },
  }
}

/** Gives the next person of the seed an app password. Not by way of the store: its audit entry would bring a notice into the mailbox while a client counts what is there. */
async function giveAppPassword(dataDir: string, taken: Set<string>): Promise<ClientLogin> {
  const loaded = loadConfig({ dataDir })
  if (!loaded.ok) throw new Error("the system's own configuration is refused")
  const { database, close } = await connectDatabase(loaded.value.config, "congthu client tests")
  try {
    const directory = await loadDirectory(database)
    const found = await database.query<{ address: string; id: number }>({ text: "SELECT address, id FROM account WHERE kind = 'personal' AND NOT address = ANY ($1) ORDER BY id LIMIT 1" }, [[...taken]])
    const address = found[0]?.address
    const resolution = address === undefined ? undefined : directory.resolve(address)
    if (address === undefined || resolution?.kind !== "account") throw new Error("no person is left")
    taken.add(address)
    const owner = directory.assignmentsOfAccount(resolution.account.id, Date.parse("2026-01-01")).find(({ rights }) => rights.includes("owner"))
    const password = newAppPassword()
    const hash = appPasswordHash(password, await loadOrCreateKey(join(dataDir, "keys", "credential.key")))
    if (!owner || hash === undefined) throw new Error(`${address} has no owner`)
    await database.query({ text: "INSERT INTO credential (account_id, principal_id, kind, label, hash) VALUES ($1, $2, 'appPassword', 'client test', $3)" }, [resolution.account.id, owner.principalId, hash])
    return { address, password }
  } finally {
    await close()
  }
}

export interface Ran {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

const run = promisify(execFile)

/** A client with a home of its own; a failure is told with all that it said. */
export async function runClient(program: string, args: readonly string[], { home, env = {} }: { readonly home: string; readonly env?: Readonly<Record<string, string>> }): Promise<string> {
  const given = { PATH: process.env["PATH"] ?? "", HOME: home, LC_ALL: "C.UTF-8", TERM: "xterm", ...env }
  return run(program, args, { env: given, cwd: home, timeout: 20_000, maxBuffer: 32 << 20 }).then(
    ({ stdout }) => stdout,
    (error: Error & { stdout?: string; stderr?: string }) => Promise.reject(new Error(`${error.message}\n${error.stdout ?? ""}\n${error.stderr ?? ""}`)),
  )
}

/** Whether a client is here; says why its tests are skipped when it is not. */
export async function installed(program: string, packageName: string, args: readonly string[] = ["--version"]): Promise<boolean> {
  const here = await run(program, args, { timeout: 20_000 }).then(() => true, () => false)
  if (!here) console.warn(`${program} is not installed: its tests are skipped (apt-get install ${packageName})`)
  return here
}

/** A message in the form it has on the wire. */
export const message = (subject: string, body = "Kính gửi đồng chí.\r\n"): string =>
  ["From: An <an@ngoai.example>", "To: binh@ngoai.example", `Subject: ${encodedWord(subject)}`, "Date: Mon, 02 Mar 2026 08:00:00 +0700", `Message-ID: <${Buffer.from(subject).toString("hex")}@ngoai.example>`, "MIME-Version: 1.0", "Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: 8bit", "", body].join("\r\n")

const encodedWord = (text: string): string => (/^[ -~]*$/.test(text) ? text : `=?utf-8?B?${Buffer.from(text).toString("base64")}?=`)
