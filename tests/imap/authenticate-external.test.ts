import { spawn, spawnSync } from "node:child_process"
import { once } from "node:events"
import { afterAll, afterEach, beforeAll, expect, test } from "vitest"
import type { ImapServer } from "../../src/imap/server.ts"
import { type ClientCertificateWorld, createClientCertificates, type TestClient } from "../support/client-certificates.ts"
import { ImapClient } from "../support/imap-client.ts"
import { createImapWorld, type ImapWorld } from "../support/imap-world.ts"

let world: ImapWorld
let people: ClientCertificateWorld
let server: ImapServer
let an: TestClient
const clients: ImapClient[] = []

beforeAll(async () => {
  world = await createImapWorld()
  people = await createClientCertificates({ store: world.store, directory: world.directory })
  server = await world.another({ services: { certificateLogins: people.logins } })
  an = await people.client({ name: "An" })
  await people.register(an, "an")
})
afterEach(() => {
  for (const client of clients.splice(0)) client.destroy()
  expect(world.bugs).toEqual([])
})
afterAll(async () => {
  await people.close()
  await world.close()
})

async function connect(client?: TestClient, clear = false): Promise<{ readonly imap: ImapClient; readonly greeting: string }> {
  const imap = new ImapClient(clear ? server.ports.imap : server.ports.imaps, !clear, client && { cert: client.cert, key: client.key })
  clients.push(imap)
  return { imap, greeting: (await imap.line()) ?? "" }
}

const base64 = (text: string): string => Buffer.from(text).toString("base64")

test("a registered certificate is offered EXTERNAL from the greeting on, and signs in as its holder", async () => {
  const { imap, greeting } = await connect(an)
  expect(greeting).toContain("AUTH=PLAIN AUTH=EXTERNAL]")
  expect(await imap.command("AUTHENTICATE EXTERNAL =")).toEqual([expect.stringMatching(/^t OK \[CAPABILITY /)])
  expect(await imap.command("SELECT INBOX")).toContainEqual(expect.stringMatching(/^t OK/))
  // what else its holder may read is for the password
  expect((await imap.command("NAMESPACE"))[0]).toMatch(/NIL$/)
})

test("after STARTTLS as well, and not before", async () => {
  const { imap, greeting } = await connect(an, true)
  expect(greeting).not.toContain("AUTH=")
  expect(await imap.command("AUTHENTICATE EXTERNAL =")).toEqual([expect.stringMatching(/^t NO \[PRIVACYREQUIRED\]/)])
  await imap.command("STARTTLS")
  await imap.startTls()
  expect((await imap.command("CAPABILITY"))[0]).toContain("AUTH=EXTERNAL")
  imap.send("a AUTHENTICATE EXTERNAL\r\n")
  expect(await imap.line()).toBe("+ ")
  imap.send(`${base64("van-phong@tinh.example")}\r\n`)
  expect(await imap.until("a")).toEqual([expect.stringMatching(/^a OK/)])
})

test("without one it is neither offered nor taken; somebody else's account and nonsense are refused", async () => {
  const { imap, greeting } = await connect()
  expect(greeting).toContain("AUTH=PLAIN]")
  expect(await imap.command("AUTHENTICATE EXTERNAL =")).toEqual([expect.stringMatching(/^t NO \[CANNOT\]/)])
  const stranger = await connect(await people.client({ name: "Unknown" }))
  expect(stranger.greeting).not.toContain("EXTERNAL")
  const { imap: own } = await connect(an)
  expect(await own.command(`AUTHENTICATE EXTERNAL ${base64("binh@tinh.example")}`)).toEqual([expect.stringMatching(/^t NO \[AUTHENTICATIONFAILED\]/)])
  expect(await own.command("AUTHENTICATE EXTERNAL x")).toEqual([expect.stringMatching(/^t BAD /)])
  expect(await own.command(`AUTHENTICATE EXTERNAL ${base64("a\0b")}`)).toEqual([expect.stringMatching(/^t BAD /)])
})

test("a revoked certificate signs in no more", async () => {
  const binh = await people.client({ name: "Binh" })
  await people.register(binh, "binh")
  const [first, second] = [await connect(binh), await connect(binh)]
  expect(await first.imap.command("AUTHENTICATE EXTERNAL =")).toEqual([expect.stringMatching(/^t OK/)])
  await people.revoke(binh)
  expect(await second.imap.command("AUTHENTICATE EXTERNAL =")).toEqual([expect.stringMatching(/^t NO \[AUTHENTICATIONFAILED\]/)])
})

const curl = spawnSync("curl", ["--version"]).status === 0
test.skipIf(!curl)("curl signs in with its certificate (needs curl)", async () => {
  const child = spawn("curl", ["-sS", "-k", "--url", `imaps://127.0.0.1:${server.ports.imaps}/`, "--cert", an.file, "--login-options", "AUTH=EXTERNAL", "--user", "an@tinh.example:", "-v"])
  let output = ""
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (output += chunk.toString()))
  const [code] = await once(child, "close")
  expect(output).toMatch(/AUTHENTICATE EXTERNAL/)
  expect(output).toMatch(/LIST .*INBOX/)
  expect(code, output).toBe(0)
})
