import { spawnSync } from "node:child_process"
import { createPrivateKey } from "node:crypto"
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { type DevelopmentSmimeCa, openDevelopmentSmimeCa } from "../../src/pki/development-smime-ca.ts"
import { readCertificates } from "../../src/pki/read-certificates.ts"
import { writePkcs12 } from "../../src/pki/write-pkcs12.ts"

const openssl = (...args: readonly string[]): { readonly status: number | null; readonly out: string; readonly err: string } => {
  const { status, stdout, stderr } = spawnSync("openssl", args, { encoding: "utf8" })
  return { status, out: stdout, err: stderr }
}
const hasOpenssl = spawnSync("openssl", ["version"]).status === 0
const password = "Mật khẩu 1"
let dir: string
let ca: DevelopmentSmimeCa
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "congthu-p12-"))
  ca = await openDevelopmentSmimeCa({ dir, clock: { now: () => Date.parse("2026-06-15T03:00:00Z") } })
})
afterAll(() => rm(dir, { recursive: true }))

const written = (keyType: "P-256" | "rsa2048") => {
  const { privateKey, certificateDer } = ca.issue({ subject: { commonName: "Lê Văn Ý" }, keyType })
  return { privateKey, certificateDer, bytes: writePkcs12({ privateKey, certificates: [certificateDer, ca.intermediate.certificate.der], name: "Lê Văn Ý", password }) }
}

test("a file with a key is not taken for a certificate", () => {
  expect(readCertificates(written("P-256").bytes, password)).toMatchObject({ ok: false, failure: { kind: "privateKey" } })
})

describe.skipIf(!hasOpenssl)("openssl pkcs12", () => {
  test.each(["P-256", "rsa2048"] as const)("reads key, certificates and name (%s)", async (keyType) => {
    const { bytes, privateKey } = written(keyType)
    const file = join(dir, `${keyType}.p12`)
    await writeFile(file, bytes)
    const read = openssl("pkcs12", "-in", file, "-passin", `pass:${password}`, "-nodes")
    expect(read).toMatchObject({ status: 0, err: "" })
    expect(read.out.match(/-----BEGIN CERTIFICATE-----/g)).toHaveLength(2)
    const key = createPrivateKey(/-----BEGIN PRIVATE KEY-----[\s\S]+-----END PRIVATE KEY-----/.exec(read.out)?.[0] ?? "")
    expect(key.equals(privateKey)).toBe(true)
    expect(read.out.match(/localKeyID: (.*)/g)?.at(0)).toBe(read.out.match(/localKeyID: (.*)/g)?.at(1))
  })

  test("finds another password wrong", async () => {
    const file = join(dir, "wrong.p12")
    await writeFile(file, written("P-256").bytes)
    expect(openssl("pkcs12", "-in", file, "-passin", "pass:other", "-nodes").status).not.toBe(0)
  })
})

// NSS is what Thunderbird keeps its keys in
test.skipIf(spawnSync("certutil", ["--help"]).error !== undefined)("NSS imports key and certificate", async () => {
  const file = join(dir, "nss.p12")
  await writeFile(file, written("P-256").bytes)
  const nss = (program: string, ...args: readonly string[]) => spawnSync(program, [...args, "-d", `sql:${dir}`], { encoding: "utf8" })
  nss("certutil", "-N", "--empty-password")
  expect(nss("pk12util", "-i", file, "-W", password)).toMatchObject({ status: 0 })
  expect(nss("certutil", "-L").stdout).toMatch(/^Lê Văn Ý +u,u,u$/m)
})
