import { execFile } from "node:child_process"
import { once } from "node:events"
import { X509Certificate } from "node:crypto"
import { readFile, stat, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { connect } from "node:tls"
import { promisify } from "node:util"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { eventually } from "../support/faults-world.ts"
import { freeLoopbackPort } from "../support/free-port.ts"
import { type OcspServer, startOcspServer } from "../support/ocsp-server.ts"
import { hasPebble, type Pebble, startPebble } from "../support/pebble.ts"
import { newSeededFolder } from "../support/seeded-folder.ts"
import { startTestSystem, type TestSystem } from "../support/system.ts"
import { pemOf, tlsAuthority, tlsIdentity } from "../support/tls-identity.ts"

/** The whole system gets its certificate by itself, from a server of another make, and shows the proof at the listener for HTTP that is there for mail clients. */
describe.skipIf(!hasPebble)("certificates by ACME and their status", () => {
  let pebble: Pebble | undefined
  let system: TestSystem
  const name = "mail.tinh.example"
  const authority = tlsAuthority("Pebble's own")
  const stapledName = "so.tinh.example"
  let ocsp: OcspServer
  let dataDir: string
  let challengePort: number
  let acmePort: number

  beforeAll(async () => {
    ;[challengePort, acmePort] = await Promise.all([freeLoopbackPort(), freeLoopbackPort()])
    dataDir = await newSeededFolder()
    const authorityFile = join(dataDir, "pebble.pem")
    ocsp = await startOcspServer()
    ocsp.issuer = authority
    const { cert, key } = tlsIdentity({ names: [stapledName], by: authority, chain: [authority], ocspUrl: ocsp.url })
    const pair = { certificateFile: join(dataDir, "stapled.pem"), keyFile: join(dataDir, "stapled.key") }
    await Promise.all([writeFile(authorityFile, pemOf(authority)), writeFile(pair.certificateFile, cert), writeFile(pair.keyFile, key)])
    system = await startTestSystem({ dataDir, env: {
      CONGTHU_LISTEN_HTTP: String(challengePort), CONGTHU_TLS_RELOAD: "1s", CONGTHU_TLS_CERTIFICATES: JSON.stringify([pair]), CONGTHU_PKI_REVOCATION_ALLOW: ocsp.url, CONGTHU_TLS_ACME_DIRECTORY: `https://localhost:${acmePort}/dir`, CONGTHU_TLS_ACME_TERMS_AGREED: "true", CONGTHU_TLS_ACME_AUTHORITIES: authorityFile,
    } })
  }, 120_000)
  afterAll(async () => {
    await system?.stop()
    await Promise.all([pebble?.stop(), ocsp?.close()])
    await system?.remove()
  }, 30_000)

  const at = (port: number) => connect({ port, host: "127.0.0.1", servername: name, rejectUnauthorized: false })
  async function shownAt(port: number): Promise<X509Certificate> {
    const socket = at(port)
    await once(socket, "secureConnect")
    const certificate = socket.getPeerX509Certificate()
    socket.destroy()
    if (!certificate) throw new Error("no certificate")
    return certificate
  }
  const worker = async (): Promise<{ readonly ok: boolean; readonly detail: string } | undefined> => {
    const { roles } = (await (await fetch(`http://127.0.0.1:${system.ports.metrics}/health`)).json()) as { readonly roles: readonly { readonly role: string; readonly checks: readonly { readonly name: string; readonly ok: boolean; readonly detail: string }[] }[] }
    return roles.find(({ role }) => role === "worker")?.checks.find((check) => check.name === "acme")
  }

  test("while the authority is away every door has a certificate for the key to come, and health, metrics and log say what is wrong", async () => {
    const seen = await Promise.all([system.ports.imaps, system.ports.submissions, system.ports.https].map(shownAt))
    expect(new Set(seen.map(({ subject, issuer, fingerprint256 }) => `${subject} ${issuer} ${fingerprint256}`)).size).toBe(1)
    expect(seen[0]?.checkHost(name)).toBe(name)
    expect(await eventually(worker, (check) => check?.ok === false)).toMatchObject({ detail: expect.stringMatching(/^1 orders failed, the last because localhost:\d+ cannot be reached \(.*ECONNREFUSED.*; the next is tried at 20/) as unknown })
    expect(await (await fetch(`http://127.0.0.1:${system.ports.metrics}/metrics`)).text()).toContain('congthu_acme_failures{role="worker"} 1')
    await eventually(() => readFile(join(dataDir, "logs/worker.log"), "utf8"), (log) => log.includes("acme: no certificate was obtained, the one before stays in force"))
  })

  const openssl = async (door: "smtp" | "submission" | "submissions" | "imap" | "imaps" | "https", asked: string): Promise<string> => {
    const starttls = { smtp: ["-starttls", "smtp"], submission: ["-starttls", "smtp"], imap: ["-starttls", "imap"], submissions: [], imaps: [], https: [] }[door]
    const child = promisify(execFile)("openssl", ["s_client", "-connect", `127.0.0.1:${system.ports[door]}`, "-servername", asked, "-status", ...starttls])
    child.child.stdin?.end()
    return (await child).stdout
  }

  test.each(["smtp", "submission", "submissions", "imap", "imaps", "https"] as const)("%s shows what the OCSP responder says of a certificate that names one, and nothing for one that names none (RFC 6066 §8)", async (door) => {
    expect(await eventually(() => openssl(door, stapledName), (said) => said.includes("OCSP Response Status"))).toMatch(/OCSP Response Status: successful \(0x0\)[^]*Cert Status: good/)
    expect(await openssl(door, name)).toContain("OCSP response: no response sent")
  })

  test("once it answers, SIGHUP is enough: every door serves its certificate, and what is under way goes on", async () => {
    const open = at(system.ports.imaps)
    await once(open, "data")
    pebble = await startPebble({ challengePort, port: acmePort, authority })
    process.kill(system.pid, "SIGHUP")
    const root = new X509Certificate(await pebble.root())
    for (const port of [system.ports.imaps, system.ports.submissions, system.ports.https]) await eventually(() => shownAt(port), ({ issuer }) => issuer.includes("Pebble Intermediate"))
    expect(root.subject).toContain("Pebble Root")
    expect(await eventually(worker, (check) => check?.ok === true)).toMatchObject({ detail: expect.stringMatching(/^a certificate is in force until 20/) as unknown })
    open.write("a NOOP\r\n")
    expect(String((await once(open, "data"))[0])).toMatch(/^a OK/)
    open.destroy()
    expect((await stat(join(dataDir, "acme/server.pem"))).mode & 0o777).toBe(0o600)
    // the proof is there as long as the order, and nothing else of the folder is ever
    for (const path of ["x", "..%2Fserver.key", "../server.key"]) expect((await fetch(`http://127.0.0.1:${challengePort}/.well-known/acme-challenge/${path}`, { redirect: "manual" })).status).toBe(302)
  })
})
