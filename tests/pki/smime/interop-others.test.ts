import { execFile, execFileSync } from "node:child_process"
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { promisify } from "node:util"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { bytesSource } from "../../../src/pki/smime/message-source.ts"
import { verifyMessageSignature } from "../../../src/pki/smime/verify-message-signature.ts"
import { lines, opaqueShell, signatureShell, usualEntity } from "../../support/signed-message.ts"

const run = promisify(execFile)
const works = (program: string, ...args: readonly string[]): boolean => {
  try {
    execFileSync(program, args, { stdio: "ignore" })
    return true
  } catch (error) {
    // certutil and cmsutil exit with an error after they have said what they are
    return !(error instanceof Error && "code" in error && error.code === "ENOENT")
  }
}
const verify = (message: Uint8Array) => verifyMessageSignature(bytesSource(message), { clock: { now: () => 0 } })
let dir: string

/** A certificate for signing mail with its key, in PKCS#12 of the kind that old programs read, under the pass phrase "x". */
async function issue(name: string, usage: string, ...key: readonly string[]): Promise<void> {
  const file = (suffix: string): string => join(dir, `${name}.${suffix}`)
  await writeFile(file("ext"), lines(`keyUsage=critical,digitalSignature,nonRepudiation,${usage}`, "extendedKeyUsage=emailProtection", "basicConstraints=CA:false",
    `subjectAltName=email:${name}@soyte.tinh.example`, "subjectKeyIdentifier=hash", ""))
  await run("openssl", ["genpkey", ...key, "-out", file("key")])
  await run("openssl", ["req", "-new", "-key", file("key"), "-subj", `/CN=Nguoi ky ${name}`, "-out", file("csr")])
  await run("openssl", ["x509", "-req", "-in", file("csr"), "-CA", join(dir, "ca.pem"), "-CAkey", join(dir, "ca.key"), "-CAcreateserial", "-days", "20", "-extfile", file("ext"), "-out", file("pem")])
  await writePkcs12(name)
}

/** Each time with another salt. */
async function writePkcs12(name: string): Promise<void> {
  const file = (suffix: string): string => join(dir, `${name}.${suffix}`)
  await run("openssl", ["pkcs12", "-export", "-inkey", file("key"), "-in", file("pem"), "-certfile", join(dir, "ca.pem"), "-name", name, "-passout", "pass:x",
    "-keypbe", "PBE-SHA1-3DES", "-certpbe", "PBE-SHA1-3DES", "-macalg", "sha1", "-out", file("p12")])
}

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "congthu-interop-"))
  await writeFile(join(dir, "entity"), usualEntity)
  await run("openssl", ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", join(dir, "ca.key"), "-out", join(dir, "ca.pem"), "-subj", "/CN=Test CA", "-days", "30",
    "-addext", "keyUsage=critical,keyCertSign,cRLSign"])
  await issue("rsa", "keyEncipherment", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048")
  await issue("ec", "keyAgreement", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256")
})
afterAll(() => rm(dir, { recursive: true }))

async function expectIntact(signature: Buffer, form: "multipart" | "opaque", algorithm: string): Promise<void> {
  const message = Buffer.from(form === "multipart" ? signatureShell(usualEntity, signature) : opaqueShell(signature))
  const found = await verify(message)
  expect(found).toMatchObject({ form, problems: [], signers: [{ intact: true, problems: [], signatureAlgorithm: algorithm, digestAlgorithm: "sha256" }] })
  if (form === "multipart") {
    const broken = await verify(Buffer.from(message.toString("latin1").replace("11", "12"), "latin1"))
    expect(broken.signers).toMatchObject([{ intact: false, problems: ["broken"] }])
  }
}

describe.skipIf(!works("gpgsm", "--version"))("gpgsm (skipped where it is not installed)", () => {
  const gpgsm = (...args: readonly string[]) =>
    run("gpgsm", ["--homedir", dir, "--batch", "--yes", "--disable-crl-checks", "--disable-dirmngr", "--pinentry-mode", "loopback", "--passphrase-fd", "0", ...args], { encoding: "buffer" })

  beforeAll(async () => {
    await writeFile(join(dir, "gpg-agent.conf"), "allow-loopback-pinentry\n")
    const { stdout } = await run("openssl", ["x509", "-in", join(dir, "ca.pem"), "-noout", "-fingerprint", "-sha1"])
    await writeFile(join(dir, "trustlist.txt"), `${stdout.split("=")[1]?.trim()} S relax\n`)
    await importKey(5)
  })
  /** gpgsm 2.2 derives a wrong key from about one salt in a hundred (it drops leading zero bytes between the rounds of RFC 7292 appendix B.2): then another salt. */
  const importKey = async (tries: number): Promise<void> => {
    const imported = gpgsm("--import", join(dir, "rsa.p12"))
    imported.child.stdin?.end("x\n")
    try {
      await imported
    } catch (error) {
      if (tries === 1) throw error
      await writePkcs12("rsa")
      await importKey(tries - 1)
    }
  }
  afterAll(() => run("gpgconf", ["--homedir", dir, "--kill", "gpg-agent"]))

  // gpgsm 2.2 knows no EC keys
  test.each([["--detach-sign", "multipart"], ["--sign", "opaque"]] as const)("by %s", async (mode, form) => {
    const signing = gpgsm("--local-user", "rsa@soyte.tinh.example", "--output", "-", mode, join(dir, "entity"))
    signing.child.stdin?.end("x\n")
    await expectIntact((await signing).stdout, form, "rsa")
  })
})

describe.skipIf(!works("cmsutil"))("NSS, Thunderbird's engine (skipped where libnss3-tools is not installed)", () => {
  beforeAll(async () => {
    await run("certutil", ["-N", "-d", `sql:${dir}`, "--empty-password"])
    await run("certutil", ["-A", "-d", `sql:${dir}`, "-n", "ca", "-t", ",CT,", "-i", join(dir, "ca.pem")])
    for (const name of ["rsa", "ec"]) await run("pk12util", ["-i", join(dir, `${name}.p12`), "-d", `sql:${dir}`, "-W", "x", "-K", ""])
  })

  test.each([
    ["rsa", ["-T", "-G"], "multipart", "rsa"],
    ["ec", ["-T", "-G", "-P"], "multipart", "ecdsa"],
    ["rsa", ["-G"], "opaque", "rsa"],
    ["ec", [], "opaque", "ecdsa"],
  ] as const)("by %s %j", async (name, options, form, algorithm) => {
    const { stdout } = await run("cmsutil", ["-S", "-d", `sql:${dir}`, "-N", name, "-i", join(dir, "entity"), ...options], { encoding: "buffer" })
    await expectIntact(stdout, form, algorithm)
  })
})
