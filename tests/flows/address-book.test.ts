import { execFile } from "node:child_process"
import { readFile, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { promisify } from "node:util"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { systemClock } from "../../src/base/clock.ts"
import { openDevelopmentSmimeCa } from "../../src/pki/development-smime-ca.ts"
import { pem } from "../../src/pki/write-certificate.ts"
import { type ClientLogin, runClient } from "../support/clients-kit.ts"
import { compileCache } from "../support/compile-cache.ts"
import { program } from "../support/programs.ts"
import { until } from "../support/running-system.ts"
import { type Slapd, slapdUnavailable, startSlapd } from "../support/slapd.ts"
import { newSeededFolder } from "../support/seeded-folder.ts"
import { startTestSystem, type TestSystem } from "../support/system.ts"

/** The whole system with an LDAP server beside it, as docker-compose runs them: what an administrator registers is what colleagues find. */
describe.skipIf(slapdUnavailable())("the system and its address book", () => {
  let slapd: Slapd
  let system: TestSystem
  let sender: ClientLogin
  let colleague: ClientLogin & { readonly principalId: string }
  beforeAll(async () => {
    slapd = await startSlapd()
    const { url, serverName, baseDn, bindDn } = slapd.server
    system = await startTestSystem({
      dataDir: await newSeededFolder(),
      env: {
        CONGTHU_LDAP_URL: url, CONGTHU_LDAP_SERVER_NAME: serverName, CONGTHU_LDAP_CA_FILE: slapd.caFile, CONGTHU_LDAP_BASE_DN: baseDn, CONGTHU_LDAP_BIND_DN: bindDn,
        CONGTHU_LDAP_BIND_PASSWORD_FILE: slapd.passwordFile, CONGTHU_LDAP_CHECK: "1s",
      },
    })
    const logins = JSON.parse(await readFile(join(system.dataDir, "demo-logins.json"), "utf8")) as (typeof colleague)[]
    if (!logins[0] || !logins[1]) throw new Error("the first start made no demo logins")
    ;[sender, colleague] = [logins[0], logins[1]]
  }, 120_000)
  afterAll(async () => {
    await system.stop()
    await system.remove()
    await slapd.stop()
  }, 60_000)

  const run = promisify(execFile)
  const script = program("congthu")
  const congthu = async (...args: readonly string[]): Promise<string> => (await run(process.execPath, [script, "--data-dir", system.dataDir, ...args], { env: { PATH: process.env["PATH"], HOME: system.dataDir, ...compileCache() } })).stdout.trim()
  const found = (filter: string, ...attributes: readonly string[]): Promise<string> => slapd.search(filter, ...attributes).catch(() => "")
  const patienceMs = 60_000

  test("everybody of the first start is found, by a name typed without diacritics", async () => {
    await until(async () => (await found(`(mail=${colleague.address})`, "cn")).includes("cn"), patienceMs)
    const plain = /^cn: (.+)$/m.exec(await found(`(mail=${colleague.address})`, "cn"))?.[1] ?? ""
    expect(plain).toMatch(/^[A-Za-z ]+$/)
    expect(await found(`(cn=${plain.toLowerCase()})`, "mail")).toContain(`mail: ${colleague.address}`)
  }, 120_000)

  test("a certificate that an administrator registers is found over LDAP and HTTPS, through an outage of the LDAP server, until it is revoked", async () => {
    const ca = await openDevelopmentSmimeCa({ dir: join(system.dataDir, "pki"), clock: systemClock })
    const { certificateDer } = ca.issue({ subject: { commonName: "Người nhận" }, addresses: [colleague.address], keyType: "rsa2048" })
    const file = join(system.dataDir, "certificate.pem")
    await writeFile(file, pem("CERTIFICATE", certificateDer))
    await slapd.kill()
    const fingerprint = await congthu("certificate", "add", file, "--holder", colleague.principalId, "--use", "personal")
    await slapd.start()
    const base64 = Buffer.from(certificateDer).toString("base64")
    await until(async () => (await found(`(mail=${colleague.address})`, "userCertificate;binary")).includes(base64), patienceMs)
    const overHttps = (): Promise<string> =>
      runClient("curl", ["-sS", "--fail", "--max-time", "15", "--cacert", join(system.dataDir, "pki/ca.pem"), "-u", `${sender.address}:${sender.password}`, "-H", "Accept: application/pem-certificate-chain", `https://localhost:${system.ports.https}/certificates/${colleague.address}`], { home: system.dataDir })
    expect(await overHttps()).toContain(pem("CERTIFICATE", certificateDer))

    await congthu("certificate", "revoke", fingerprint, "--reason", "mất thiết bị")
    await until(async () => !(await found(`(mail=${colleague.address})`, "userCertificate;binary")).includes(base64), patienceMs)
    expect(await overHttps().catch(() => "")).not.toContain(pem("CERTIFICATE", certificateDer))
  }, 180_000)
})
