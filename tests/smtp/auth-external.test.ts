import { spawn, spawnSync } from "node:child_process"
import { once } from "node:events"
import tls, { type TLSSocket } from "node:tls"
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest"
import type { SmtpServer } from "../../src/smtp/server.ts"
import { type ClientCertificateWorld, createClientCertificates, type TestClient } from "../support/client-certificates.ts"
import { SmtpClient } from "../support/smtp-dialog.ts"
import { createSmtpWorld, type SmtpWorld } from "../support/smtp-world.ts"

let world: SmtpWorld
let people: ClientCertificateWorld
let server: SmtpServer
let an: TestClient
const clients: SmtpClient[] = []

beforeAll(async () => {
  world = await createSmtpWorld()
  people = await createClientCertificates({ store: world.store, directory: world.directory })
  server = await world.server({ maxErrors: 20 }, { certificateLogins: people.logins })
  an = await people.client({ name: "An" })
  await people.register(an, "an")
})
afterEach(() => {
  for (const client of clients.splice(0)) client.destroy()
  expect(world.failures.splice(0)).toEqual([])
})
afterAll(async () => {
  await people.close()
  await world.close()
})

const base64 = (text: string): string => Buffer.from(text).toString("base64")

/** What EHLO offers, on a connection that has shown the client's certificate. */
async function connect(client?: TestClient, door: "smtp" | "submission" | "submissions" = "submissions"): Promise<{ readonly smtp: SmtpClient; readonly ehlo: string }> {
  const smtp = new SmtpClient(server.ports[door], door === "submissions", client && { cert: client.cert, key: client.key })
  clients.push(smtp)
  await smtp.reply()
  if (door !== "submissions") {
    await smtp.command("EHLO may.example")
    await smtp.command("STARTTLS")
    await smtp.startTls()
  }
  return { smtp, ehlo: await smtp.command("EHLO may.example") }
}

describe.each(["submission", "submissions"] as const)("on %s", (door) => {
  test("a registered certificate is offered EXTERNAL, and signs in as its holder", async () => {
    const { smtp, ehlo } = await connect(an, door)
    expect(ehlo).toMatch(/^250-AUTH PLAIN LOGIN EXTERNAL$/m)
    expect(await smtp.command("AUTH EXTERNAL =")).toMatch(/^235 2\.7\.0/)
    expect(await smtp.command("AUTH EXTERNAL =")).toMatch(/^503 /)
    expect(await smtp.command("MAIL FROM:<an@tinh.example>")).toMatch(/^250 /)
    await smtp.command("RCPT TO:<binh@tinh.example>")
    await smtp.command("DATA")
    expect(await smtp.command("From: an@tinh.example\r\n\r\nx\r\n.")).toMatch(/^250 2\.0\.0/)
    expect((await world.last()).audit).toMatchObject({ principalId: "an", clientCertificate: an.issued.certificate.fingerprint })
  })

  test("without one it is neither offered nor taken", async () => {
    const { smtp, ehlo } = await connect(undefined, door)
    expect(ehlo).toMatch(/^250-AUTH PLAIN LOGIN$/m)
    expect(await smtp.command("AUTH EXTERNAL =")).toMatch(/^504 5\.5\.4/)
  })
})

test("the identity may come after the challenge, be left out, or be called off", async () => {
  const { smtp } = await connect(an)
  expect(await smtp.command("AUTH EXTERNAL")).toBe("334 ")
  expect(await smtp.command("*")).toMatch(/^501 /)
  expect(await smtp.command("AUTH EXTERNAL")).toBe("334 ")
  expect(await smtp.command("not base64!")).toMatch(/^501 5\.5\.2/)
  expect(await smtp.command(`AUTH EXTERNAL ${base64("a\0b")}`)).toMatch(/^501 5\.5\.2/)
  expect(await smtp.command("AUTH EXTERNAL = =")).toMatch(/^501 5\.5\.4/)
  expect(await smtp.command(`AUTH EXTERNAL ${base64("binh@tinh.example")}`)).toMatch(/^535 5\.7\.8/)
  expect(await smtp.command("AUTH EXTERNAL")).toBe("334 ")
  expect(await smtp.command(base64("van-phong@tinh.example"))).toMatch(/^235 /)
  // a certificate for an office account opens that account only
  expect(await smtp.command("MAIL FROM:<an@tinh.example>")).toMatch(/^550 5\.7\.1/)
  expect(await smtp.command("MAIL FROM:<van-phong@tinh.example>")).toMatch(/^250 /)
})

test.each([
  ["that nobody registered", { name: "Unknown" }],
  ["of an authority that nobody trusts", { name: "Stranger", stranger: true }],
  ["that is no client's", { name: "Server", purposes: ["1.3.6.1.5.5.7.3.1"] }],
  ["that has ended", { name: "Old", to: Date.now() - 3_600_000 }],
  ["with a weak key", { name: "Weak", key: "rsa1024" as const }],
])("a certificate %s is offered nothing", async (what, shape) => {
  const client = await people.client(shape)
  if (what !== "that nobody registered") await people.register(client, "an")
  expect((await connect(client).catch(() => ({ ehlo: "250-AUTH PLAIN LOGIN\n" }))).ehlo).not.toContain("EXTERNAL")
})

test("a revocation, here or by the authority, and a suspended holder count at the next sign-in", async () => {
  const [recorded, listed] = [await people.client({ name: "Recorded" }), await people.client({ name: "Listed" })]
  await people.register(recorded, "binh")
  await people.register(listed, "binh")
  for (const client of [recorded, listed]) expect(await (await connect(client)).smtp.command("AUTH EXTERNAL =")).toMatch(/^235 /)
  const waiting = await Promise.all([connect(recorded), connect(listed), connect(an)])
  await people.revoke(listed)
  const { database } = world.store
  // behind this process's back: nobody has told it
  await database.query({ text: `UPDATE certificate SET state = 'revoked', state_at = now() WHERE fingerprint = '${recorded.issued.certificate.fingerprint}'; UPDATE directory_version SET version = version + 1` })
  for (const { smtp } of waiting.slice(0, 2)) expect(await smtp.command("AUTH EXTERNAL =")).toMatch(/^535 5\.7\.8/)
  await database.query({ text: "UPDATE principal SET suspended_at = now() WHERE id = 'an'; UPDATE directory_version SET version = version + 1" })
  try {
    expect(await waiting[2]?.smtp.command("AUTH EXTERNAL =")).toMatch(/^535 5\.7\.8/)
  } finally {
    await database.query({ text: "UPDATE principal SET suspended_at = NULL WHERE id = 'an'; UPDATE directory_version SET version = version + 1" })
    await world.directory.refresh()
  }
})

test("other servers are asked for no certificate, and clients in clear are offered nothing", async () => {
  const asked = (socket: TLSSocket): Promise<boolean> => once(socket, "secureConnect").then(() => Object.keys(socket.getCertificate() ?? {}).length > 0)
  const { smtp, ehlo } = await connect(an, "smtp")
  expect(ehlo).not.toContain("AUTH")
  expect(await smtp.command("AUTH EXTERNAL =")).toMatch(/^500 /)
  const clear = new SmtpClient(server.ports.submission, false)
  clients.push(clear)
  await clear.reply()
  expect(await clear.command("EHLO may.example")).not.toContain("AUTH")
  expect(await clear.command("AUTH EXTERNAL =")).toMatch(/^538 5\.7\.11/)
  const socket = tls.connect({ port: server.ports.submissions, host: "127.0.0.1", rejectUnauthorized: false, cert: an.cert, key: an.key })
  expect(await asked(socket)).toBe(true)
  socket.destroy()
})

const openssl = spawnSync("openssl", ["version"]).status === 0
test.skipIf(!openssl)("openssl s_client signs in with its certificate over STARTTLS (needs openssl)", async () => {
  const child = spawn("openssl", ["s_client", "-starttls", "smtp", "-connect", `127.0.0.1:${server.ports.submission}`, "-cert", an.file, "-key", an.file, "-quiet", "-crlf"])
  let output = ""
  child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()))
  child.stdin.write("EHLO may.example\nAUTH EXTERNAL =\nQUIT\n")
  await once(child, "close")
  expect(output).toMatch(/^250-AUTH PLAIN LOGIN EXTERNAL\r$/m)
  expect(output).toMatch(/^235 2\.7\.0 /m)
})

const curl = spawnSync("curl", ["--version"]).status === 0
test.skipIf(!curl)("curl signs in with its certificate (needs curl)", async () => {
  const child = spawn("curl", [
    "-sS", "-k", "--url", `smtps://127.0.0.1:${server.ports.submissions}`, "--cert", an.file, "--login-options", "AUTH=EXTERNAL", "--user", "an@tinh.example:",
    "--mail-from", "an@tinh.example", "--mail-rcpt", "binh@tinh.example", "-T", "-", "-v",
  ])
  let output = ""
  child.stderr.on("data", (chunk: Buffer) => (output += chunk.toString()))
  child.stdin.end("From: an@tinh.example\r\nTo: binh@tinh.example\r\n\r\nKính gửi\r\n")
  const [code] = await once(child, "close")
  expect(output).toMatch(/AUTH EXTERNAL/)
  expect(code, output).toBe(0)
})
