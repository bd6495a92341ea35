import { afterAll, beforeAll, expect, test } from "vitest"
import { loadConfig } from "../../src/config/load.ts"
import type { ClientSetup } from "../../src/console/client-setup/routes.ts"
import { writePkcs12 } from "../../src/pki/write-pkcs12.ts"
import { openClientSetup } from "../../src/roles/client-setup.ts"
import { helpFacts } from "../../src/roles/help-facts.ts"
import { certificateOf, openSigningWorld, run, type SigningWorld } from "../pki/sign/signing-world.ts"

let world: SigningWorld
beforeAll(async () => {
  world = await openSigningWorld()
})
afterAll(() => world.close())

const setupOf = (env: Readonly<Record<string, string>>): Promise<ClientSetup> => {
  const loaded = loadConfig({ env })
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.failure))
  const { config } = loaded.value
  return openClientSetup({ config, clock: { now: () => Date.now() }, help: helpFacts(config), isLocalDomain: () => true })
}

test("clients are told what is listened on", async () => {
  expect((await setupOf({})).settings).toEqual({
    serviceName: "Thư công vụ", host: "127.0.0.1", imaps: 9930, imap: 1143, submissions: 4650, submission: 5870, https: 8443, helpUrl: "", addressBook: null,
  })
})

test("and where that is seen otherwise from outside, what the configuration says", async () => {
  const { settings } = await setupOf({
    CONGTHU_CLIENTS_HOST: "mail.tinh.example", CONGTHU_CLIENTS_IMAPS: "993", CONGTHU_CLIENTS_SUBMISSIONS: "465", CONGTHU_CLIENTS_HTTPS: "443", CONGTHU_CLIENTS_SERVICE_NAME: "Thư tỉnh",
    CONGTHU_CLIENTS_HELP_URL: "https://cong.tinh.example/", CONGTHU_CLIENTS_ADDRESS_BOOK: "ldaps://ldap.tinh.example/dc=tinh,dc=example", CONGTHU_CLIENTS_ADDRESS_BOOK_USER: "cn=reader,dc=tinh,dc=example",
  })
  expect(settings).toMatchObject({
    serviceName: "Thư tỉnh", host: "mail.tinh.example", imaps: 993, submissions: 465, https: 443, helpUrl: "https://cong.tinh.example/",
    addressBook: { host: "ldap.tinh.example", baseDn: "dc=tinh,dc=example", user: "cn=reader,dc=tinh,dc=example" },
  })
})

const profileKey = async (): Promise<Readonly<Record<string, string>>> => {
  const { certificateDer, privateKey } = world.ca.issue({ subject: { commonName: "Sở Thông tin" }, addresses: ["sott@tinh.example"] })
  const pkcs12 = writePkcs12({ privateKey, certificates: [certificateOf(certificateDer).der, world.ca.intermediate.certificate.der], name: "profile", password: "mat khau" })
  return { CONGTHU_CLIENTS_PROFILE_KEY_FILE: await world.file("profile.p12", pkcs12), CONGTHU_CLIENTS_PROFILE_KEY_PASSWORD_FILE: await world.file("password", "mat khau\n") }
}

test("without a key profiles are not signed", async () => {
  expect((await setupOf({})).sign).toBeNull()
})

test("with a key a profile is in its signature, and openssl takes it out", async () => {
  const { sign } = await setupOf(await profileKey())
  const signed = await sign?.(Buffer.from("<plist>thư</plist>\n"))
  const [file, out] = [await world.file("profile.mobileconfig", signed ?? ""), `${world.dir}/profile.plist`]
  const { stderr } = await run("openssl", ["cms", "-verify", "-inform", "DER", "-binary", "-in", file, "-CAfile", world.ca.root.certificateFile, "-out", out])
  expect(stderr).toMatch(/Verification successful/)
  expect((await run("cat", [out])).stdout).toBe("<plist>thư</plist>\n")
})

test("a key that cannot be opened is told at the start", async () => {
  const { CONGTHU_CLIENTS_PROFILE_KEY_FILE: key = "" } = await profileKey()
  const password = await world.file("other", "sai\n")
  await expect(setupOf({ CONGTHU_CLIENTS_PROFILE_KEY_FILE: key, CONGTHU_CLIENTS_PROFILE_KEY_PASSWORD_FILE: password })).rejects.toThrow(/clients\.profileKeyFile: .*password/)
})

