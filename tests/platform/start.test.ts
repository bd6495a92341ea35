import { spawn } from "node:child_process"
import { once } from "node:events"
import { existsSync } from "node:fs"
import { readFile, stat, writeFile } from "node:fs/promises"
import { connect as connectPlain, type Socket } from "node:net"
import { join } from "node:path"
import { connect as connectTls } from "node:tls"
import { afterAll, beforeAll, expect, test } from "vitest"
import { systemClock } from "../../src/base/clock.ts"
import { ensureDevelopmentCertificates } from "../../src/pki/development-ca.ts"
import { keyPurpose } from "../../src/pki/key-purpose.ts"
import { pem } from "../../src/pki/write-certificate.ts"
import { roleNames } from "../../src/roles/role.ts"
import { createAuditStore } from "../../src/store/sql/audit.ts"
import { openDatabase } from "../../src/store/sql/database.ts"
import { sourceOf } from "../support/programs.ts"
import { health, killNow, launch, newDataDir, processesOf, removeDataDir, roleProcess, type RunningSystem, startSystem, until } from "../support/running-system.ts"
import { ImapClient } from "../support/imap-client.ts"
import { SmtpClient } from "../support/smtp-dialog.ts"
import { hasSslscan, sslscan } from "../support/sslscan.ts"
import { testCrl } from "../support/test-crl.ts"
import { authorityOf, day, holderOf } from "../support/test-pki.ts"

/** As `npm start` does; other tests run what `npm run build` makes. */
const script = sourceOf("main")
let dataDir: string
let system: RunningSystem
const lasts = { from: Date.now() - day, to: Date.now() + day }
/** Whose client certificates sign in. */
const clients = authorityOf({ name: "clients", ...lasts })
beforeAll(async () => {
  dataDir = await newDataDir()
  const [anchor, list] = [join(dataDir, "clients.pem"), join(dataDir, "clients.crl")]
  await writeFile(anchor, pem("CERTIFICATE", clients.certificate.der))
  await writeFile(list, testCrl({ issuer: clients, thisUpdate: lasts.from, nextUpdate: lasts.to }))
  system = await startSystem(dataDir, { CONGTHU_TLS_CLIENT_AUTHORITIES: anchor, CONGTHU_TLS_CLIENT_ADDRESSES: "true", CONGTHU_PKI_REVOCATION_LISTS: list, CONGTHU_PKI_REVOCATION_MAX_AGE: "7d" }, { script })
}, 90_000)
afterAll(async () => {
  await system.end("SIGKILL")
  await until(() => processesOf(dataDir).length === 0, 15_000)
  await removeDataDir(dataDir)
})

const greeting = async (port: number): Promise<string> => {
  const socket = connectPlain(port, "127.0.0.1")
  const [chunk] = (await once(socket, "data")) as [Buffer]
  socket.destroy()
  return chunk.toString()
}

const tlsGreeting = async (port: number): Promise<string> => {
  const socket = connectTls({ port, host: "127.0.0.1", servername: "localhost", ca: await readFile(join(dataDir, "pki/ca.pem")) })
  const [chunk] = (await once(socket, "data")) as [Buffer]
  expect(socket.authorized).toBe(true)
  socket.destroy()
  return chunk.toString()
}

const port = (name: string): number => system.ports[name] ?? 0

test("every port of the screen is served, with a certificate of the CA it names", async () => {
  expect(await greeting(port("smtp"))).toMatch(/^220 /)
  expect(await greeting(port("submission"))).toMatch(/^220 /)
  expect(await tlsGreeting(port("submissions"))).toMatch(/^220 /)
  expect(await greeting(port("imap"))).toMatch(/^\* OK .*LOGINDISABLED/)
  expect(await tlsGreeting(port("imaps"))).toMatch(/^\* OK /)
  for (const key of ["https", "imaps", "submissions", "smtp", "metrics"]) expect(system.output()).toContain(`127.0.0.1:${port(key)}`)
  expect(system.output()).toContain(join(dataDir, "pki/ca.pem"))
})

test("health and metrics speak for each role", async () => {
  expect(await health(system.ports)).toMatchObject({ ok: true, roles: roleNames.map((role) => ({ role, ok: true })) })
  const metrics = await (await fetch(`http://127.0.0.1:${port("metrics")}/metrics`)).text()
  for (const role of roleNames) expect(metrics).toContain(`congthu_process_resident_memory_bytes{role="${role}"}`)
})

const names = async (door: "submission" | "submissions" | "imaps" | "https"): Promise<string> => {
  const socket = connectTls({ socket: door === "submission" ? await inClear(port(door)) : connectPlain(port(door), "127.0.0.1"), rejectUnauthorized: false })
  await once(socket, "secureConnect")
  const found = socket.getPeerX509Certificate()?.subjectAltName ?? ""
  socket.destroy()
  return found
}

/** As far as the reply to STARTTLS. */
async function inClear(submission: number): Promise<Socket> {
  const socket = connectPlain(submission, "127.0.0.1")
  await once(socket, "data")
  socket.write("STARTTLS\r\n")
  await once(socket, "data")
  return socket
}

test("SIGHUP puts a renewed certificate in force at every door, and touches no connection", async () => {
  const open = connectTls({ port: port("imaps"), host: "127.0.0.1", servername: "localhost", ca: await readFile(join(dataDir, "pki/ca.pem")) })
  await once(open, "data")
  await ensureDevelopmentCertificates({ dir: join(dataDir, "pki"), names: ["localhost", "127.0.0.1", "renewed.tinh.example"], clock: systemClock })
  system.process.kill("SIGHUP")
  for (const door of ["submission", "submissions", "imaps", "https"] as const) await until(async () => (await names(door)).includes("renewed.tinh.example"), 10_000)
  open.write("a NOOP\r\n")
  expect(String((await once(open, "data"))[0])).toMatch(/^a OK/)
  open.destroy()
  expect(await health(system.ports)).toMatchObject({ ok: true })
})

test("a client certificate signs in at submission and IMAP, as tls.clientAuthorities and tls.clientAddresses say", async () => {
  const [login] = JSON.parse(await readFile(join(dataDir, "demo-logins.json"), "utf8")) as readonly { readonly address: string }[]
  const { certificate, privateKey } = holderOf({ name: "client", by: clients, ...lasts, purposes: [keyPurpose.clientAuth], addresses: [login?.address ?? ""] })
  const shown = { cert: pem("CERTIFICATE", certificate.der), key: privateKey.export({ type: "pkcs8", format: "pem" }).toString() }
  const smtp = new SmtpClient(port("submissions"), true, shown)
  await smtp.reply()
  expect(await smtp.command("EHLO may.example")).toContain("EXTERNAL")
  expect(await smtp.command("AUTH EXTERNAL =")).toMatch(/^235 /)
  smtp.destroy()
  const imap = new ImapClient(port("imaps"), true, shown)
  expect(await imap.line()).toContain("AUTH=EXTERNAL")
  expect(await imap.command("AUTHENTICATE EXTERNAL =")).toEqual([expect.stringMatching(/^t OK /)])
  imap.destroy()
})

test("who signed in and what the seed changed is in the audit, sealed within seconds and verified beside the running system", async () => {
  const database = openDatabase({ url: (await readFile(join(dataDir, "run/postgres.url"), "utf8")).trim(), poolSize: 1, applicationName: "tests" })
  try {
    const audit = createAuditStore(database)
    const signIns = await audit.list({ kind: "signIn.*" }, { limit: 10 })
    expect(signIns.map(({ kind, detail }) => ({ kind, ...(detail as object) }))).toMatchObject([{ kind: "signIn.succeeded", service: "imap", via: "certificate", owner: true }, { kind: "signIn.succeeded", service: "smtp", via: "certificate" }])
    expect((await audit.list({ kind: "account.added" }, { limit: 1 }))[0]).toMatchObject({ detail: { after: { address: expect.any(String) } } })
    await until(async () => (await audit.list({ kind: "signIn.*" }, { limit: 10 })).every(({ position }) => position !== null), 10_000)
  } finally {
    await database.close()
  }
  const verify = spawn(process.execPath, [sourceOf("congthu"), "audit", "verify", "--data-dir", dataDir], { stdio: ["ignore", "pipe", "inherit"] })
  let said = ""
  verify.stdout.on("data", (chunk: Buffer) => (said += chunk.toString()))
  expect(await once(verify, "close"), said).toEqual([0, null])
  expect(said).toMatch(/^\d{4,} entries and [1-9]\d* signed heads, .*: all as they were sealed\.\n$/)
})

const doors = [["smtp", "smtp"], ["submission", "smtp"], ["submissions", "tls"], ["imap", "imap"], ["imaps", "tls"], ["https", "tls"]] as const
test.skipIf(!hasSslscan).each(doors)("sslscan finds nothing old at %s (needs sslscan)", async (door, kind) => {
  const { protocols, ciphers, weaknesses } = await sslscan(port(door), kind)
  expect(protocols).toEqual(["tls1.2", "tls1.3"])
  expect(ciphers.length).toBeGreaterThanOrEqual(6)
  for (const cipher of ciphers) expect(cipher).toMatch(/^(?:TLS_(?:AES|CHACHA20)|ECDHE-ECDSA-(?:AES\d+-GCM|CHACHA20))/)
  expect(weaknesses).toEqual([])
})

test("what must stay private is readable by its owner only", async () => {
  for (const name of ["", "run", "keys/content.key", "keys/credential.key", "keys/audit.key", "pki/server.key", "pki/ca.key", "run/postgres.url", "run/pg"]) {
    expect((await stat(join(dataDir, name))).mode & 0o077, name).toBe(0)
  }
})

test("npm run demo: one message, two readers, the same bytes, and its story", async () => {
  const demo = spawn(process.execPath, [sourceOf("demo"), "--data-dir", dataDir], { stdio: ["ignore", "pipe", "pipe"] })
  let said = ""
  for (const stream of [demo.stdout, demo.stderr]) stream.on("data", (chunk: Buffer) => (said += chunk.toString()))
  const [code] = (await once(demo, "exit")) as [number | null]
  expect(code, said).toBe(0)
  expect(said.match(/same bytes/g)).toHaveLength(2)
  for (const step of ["accepted", "committed", "queued", "delivered", "seen"]) expect(said).toMatch(new RegExp(`${step} +20\\d\\d-`))
})

test("a second system on the same data folder is refused", async () => {
  const second = launch(dataDir, { script })
  const [code] = (await once(second, "exit")) as [number]
  expect(code).toBe(1)
  expect(second.output()).toContain("another system is running")
})

test("a role that is killed comes back and no other role is touched", async () => {
  const before = new Map(roleNames.map((role) => [role, roleProcess(dataDir, role)]))
  killNow(before.get("imap"))
  await until(() => ![undefined, before.get("imap")].includes(roleProcess(dataDir, "imap")), 10_000)
  await until(async () => (await health(system.ports)).ok, 15_000)
  expect(await greeting(port("imap"))).toMatch(/^\* OK /)
  for (const role of roleNames.filter((name) => name !== "imap")) expect(roleProcess(dataDir, role)).toBe(before.get(role))
})

test("PostgreSQL that is killed comes back at the same place and the roles reconnect", async () => {
  const url = await readFile(join(dataDir, "run/postgres.url"), "utf8")
  const pidFile = join(dataDir, "postgres/postmaster.pid")
  const pid = async (): Promise<number> => Number((await readFile(pidFile, "utf8").catch(() => "0")).split("\n")[0])
  const killed = await pid()
  killNow(killed)
  await until(async () => ![0, killed].includes(await pid()), 10_000)
  await until(async () => (await health(system.ports)).ok, 15_000)
  expect(await readFile(join(dataDir, "run/postgres.url"), "utf8")).toBe(url)
})

test("SIGTERM ends everything, and the next start finds all as it was", async () => {
  const ca = await readFile(join(dataDir, "pki/ca.pem"), "utf8")
  expect(await system.end("SIGTERM")).toBe(0)
  expect(processesOf(dataDir)).toEqual([])
  expect(existsSync(join(dataDir, "run/postgres.url"))).toBe(false)
  system = await startSystem(dataDir, {}, { script })
  expect(await readFile(join(dataDir, "pki/ca.pem"), "utf8")).toBe(ca)
}, 60_000)

test("SIGTERM while PostgreSQL is coming back leaves no process behind", async () => {
  killNow(Number((await readFile(join(dataDir, "postgres/postmaster.pid"), "utf8")).split("\n")[0]))
  expect(await system.end("SIGTERM")).toBe(0)
  expect(processesOf(dataDir)).toEqual([])
  system = await startSystem(dataDir, {}, { script })
}, 60_000)

test("when the supervisor is killed the roles and PostgreSQL end by themselves", async () => {
  await system.end("SIGKILL")
  await until(() => processesOf(dataDir).length === 0, 15_000)
  system = await startSystem(dataDir, {}, { script })
  expect(await health(system.ports)).toMatchObject({ ok: true })
}, 60_000)

test("a configuration with errors ends the start with each of them", async () => {
  const child = launch(dataDir, { script, env: { CONGTHU_SMTP_MAX_ERRORS: "many", CONGTHU_SMPT_MAX_ERRORS: "5" } })
  const [code] = (await once(child, "exit")) as [number]
  expect(code).toBe(2)
  expect(child.output()).toContain("CONGTHU_SMPT_MAX_ERRORS: is no key of the configuration; did you mean CONGTHU_SMTP_MAX_ERRORS?")
})
