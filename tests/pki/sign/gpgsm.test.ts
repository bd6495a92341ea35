import { spawnSync } from "node:child_process"
import { mkdir, writeFile } from "node:fs/promises"
import { afterAll, beforeAll, expect, test } from "vitest"
import { pem } from "../../../src/pki/write-certificate.ts"
import { openSigningWorld, run, signed, type SigningWorld } from "./signing-world.ts"

const hasGpgsm = spawnSync("gpgsm", ["--version"]).status === 0

let world: SigningWorld
beforeAll(async () => {
  world = await openSigningWorld()
})
afterAll(async () => {
  if (hasGpgsm) await run("gpgconf", ["--homedir", `${world.dir}/gnupg`, "--kill", "all"])
  await world.close()
})

// skipped where gpgsm is not installed: it is another implementation, and nothing stands in for it
test.skipIf(!hasGpgsm)("gpgsm verifies what is signed with RSA and with ECDSA", async () => {
  const home = `${world.dir}/gnupg`
  await mkdir(home, { mode: 0o700 })
  await writeFile(`${home}/gpgsm.conf`, "disable-crl-checks\ndisable-policy-checks\n")
  const { stdout } = await run("openssl", ["x509", "-in", world.ca.root.certificateFile, "-noout", "-fingerprint", "-sha1"])
  await writeFile(`${home}/trustlist.txt`, `${stdout.split("=")[1]?.trim()} S relax\n`)
  await run("gpgsm", ["--homedir", home, "--import", await world.file("root.pem", pem("CERTIFICATE", world.ca.root.certificate.der))])
  for (const keyType of ["rsa2048", "P-256"] as const) {
    const message = await signed("Subject: x\r\n\r\nKinh gui\r\n", { key: world.key({ keyType }), newBoundary: () => "b" })
    const [, part = "", signature = ""] = message.toString("latin1").split(/\r\n--b(?:--)?\r\n/)
    const base64 = signature.slice(signature.indexOf("\r\n\r\n") + 4)
    const file = await world.file(`${keyType}.p7s`, Buffer.from(base64, "base64"))
    const result = spawnSync("gpgsm", ["--homedir", home, "--status-fd", "1", "--verify", file, await world.file(`${keyType}.part`, Buffer.from(part, "latin1"))])
    expect(result.stdout.toString(), result.stderr.toString()).toMatch(/\[GNUPG:\] GOODSIG /)
  }
})
