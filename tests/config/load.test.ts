import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { afterAll, beforeAll, expect, test } from "vitest"
import { configKeys } from "../../src/config/keys.ts"
import { type ConfigSources, describeProblems, loadConfig } from "../../src/config/load.ts"
import type { Config } from "../../src/config/schema.ts"

let dir: string
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), "congthu-config-"))
})
afterAll(() => rmSync(dir, { recursive: true }))

const written = (text: string): string => {
  const file = join(dir, "test.yaml")
  writeFileSync(file, text)
  return file
}

const loaded = (sources: ConfigSources): Config => {
  const result = loadConfig({ env: {}, ...sources })
  if (!result.ok) throw new Error(describeProblems(result.failure))
  return result.value.config
}

const problems = (sources: ConfigSources): string => {
  const result = loadConfig({ env: {}, ...sources })
  return result.ok ? "" : describeProblems(result.failure).replaceAll(dir, "")
}

test("the shipped file starts a system on embedded defaults and unprivileged ports", () => {
  const config = loaded({})
  expect(config.database.url).toBe("")
  expect(config.listen).toMatchObject({ host: "127.0.0.1", smtp: 2525, submission: 5870, submissions: 4650, imap: 1143, imaps: 9930, https: 8443, metrics: 9464 })
  expect(config.smtp.maxMessageBytes).toBe(50 * 2 ** 20)
})

test("the environment wins over the file, and the command line over both", () => {
  const file = written("dataDir: from-file\nlisten:\n  smtp: 1025\n  imap: 1144\n")
  const config = loaded({ file, dataDir: "/from/arguments", env: { CONGTHU_DATA_DIR: "from-environment", CONGTHU_LISTEN_SMTP: "26" } })
  expect(config.dataDir).toBe("/from/arguments")
  expect(config.listen).toMatchObject({ smtp: 26, imap: 1144 })
})

test("DATABASE_URL and REDIS_URL are understood, our own names win over them, and _FILE reads a secret", () => {
  const secret = join(dir, "url")
  writeFileSync(secret, "redis://secret\n")
  const config = loaded({ env: { DATABASE_URL: "postgres://theirs", CONGTHU_DATABASE_URL: "postgres://ours", CONGTHU_REDIS_URL_FILE: secret } })
  expect(config.database.url).toBe("postgres://ours")
  expect(config.redis.url).toBe("redis://secret")
})

test("every key can be set by its variable", () => {
  const samples = { duration: "7s", size: "7KiB", port: "7", number: "7", text: "seven", boolean: "false", list: "7s, 8s", file: "seven", word: "error", anchors: "[{ name: seven, file: seven.pem, purposes: [emailProtection] }]", keys: "[{ name: seven, pkcs12: { file: seven.p12, passwordFile: seven }, for: [seven@tinh.example] }]", pairs: "[{ certificateFile: seven.pem, keyFile: seven.key }]", partners: "[{ domains: [seven.example], require: verified }]", rates: "[{ destinations: [seven.example], perMinute: 7 }]" }
  const inbound = { CONGTHU_INBOUND_EXEMPT: "192.0.2.0/24, 2001:db8::7", CONGTHU_SCAN_RSPAMD_URL: "http://seven:11333", CONGTHU_SCAN_CLAMAV_SOCKET: "/run/seven", CONGTHU_REPORTS_FROM: "seven@tinh.example", CONGTHU_CONSOLE_URL: "https://seven.example:8443", CONGTHU_CONSOLE_OIDC_ISSUER: "https://seven.example/realm" }
  const env = { ...Object.fromEntries(configKeys.map((key) => [key.variable, key.choices?.[0] ?? samples[key.type]])), CONGTHU_LDAP_URL: "ldaps://seven", CONGTHU_LDAP_SYNC_URL: "ldap://seven:389", CONGTHU_FORWARDING_DOMAINS: "seven.example, *.seven.example", CONGTHU_NOTIFICATIONS_KEEP: "7d", CONGTHU_WEBHOOKS_KEEP: "7d", CONGTHU_CLIENTS_ADDRESS_BOOK: "ldaps://seven/dc=seven", CONGTHU_TLS_CERTIFICATE_FILE: "", CONGTHU_TLS_ACME_DIRECTORY: "https://seven/dir", CONGTHU_TLS_ACME_TERMS_AGREED: "true", CONGTHU_TLS_ACME_NAMES: "seven.example", CONGTHU_TLS_ACME_CONTACTS: "seven@seven.example", CONGTHU_DNS_SERVERS: "192.0.2.7, [2001:db8::7]:5353", CONGTHU_DNS_OUTBOUND_ADDRESSES: "192.0.2.7, 2001:db8::7", ...inbound }
  const config = loaded({ env })
  expect(config.smtp).toMatchObject({ idleTimeout: 7_000, maxMessageBytes: 7 * 1024, maxRecipients: 7, xclientProxies: ["7s", "8s"] })
  expect(config.demo.seed).toBe(false)
  expect(config.log.level).toBe("error")
})

test.each([
  ["an unknown key, with the one that was meant", "hostname: a\nsmtp:\n  maxMessageByte: 5MiB\n", "/test.yaml:3: smtp.maxMessageByte: is no key of the configuration; did you mean smtp.maxMessageBytes?"],
  ["an unknown section", "smpt:\n  maxErrors: 5\n", "/test.yaml:2: smpt: is no key of the configuration"],
  ["a size without a unit that exists", 'smtp:\n  maxMessageBytes: "25 potatoes"\n', '/test.yaml:2: smtp.maxMessageBytes: "25 potatoes" is not a size such as "512KiB" or "25MiB"'],
  ["a port above the last", "listen:\n  smtp: 65536\n", "/test.yaml:2: listen.smtp: is above 65535"],
  ["a number that is a word", "smtp:\n  maxErrors: many\n", "/test.yaml:2: smtp.maxErrors: is not a whole number"],
  ["a list item that is no duration", "delivery:\n  retry: [5m, soon]\n", '/test.yaml:2: delivery.retry: "soon" is not a duration such as "5m"'],
  ["an anchor without a purpose", "pki:\n  anchors:\n    - name: a\n      file: a.pem\n      purposes: []\n", "/test.yaml:5: pki.anchors.0.purposes: has no purpose, so it would never be used"],
  ["a certificate without its key", "tls:\n  certificates:\n    - certificateFile: a.pem\n", "/test.yaml:3: tls.certificates.0.keyFile: names no file"],
  ["ACME without the terms", "tls:\n  acme:\n    directory: https://ca.example/dir\n", "/test.yaml:3: tls.acme.termsAgreed: is needed where tls.acme.directory is set: read the authority's terms of service, then set it to true"],
  ["ACME in clear", "tls:\n  acme: { directory: http://ca.example/dir, termsAgreed: true }\n", '/test.yaml:2: tls.acme.directory: "http://ca.example/dir" is no https URL'],
  ["ACME for a wildcard", 'tls:\n  acme: { directory: https://ca.example/dir, termsAgreed: true, names: ["*.tinh.example"] }\n', '/test.yaml:2: tls.acme.names: "*.tinh.example" is no name such as mail.tinh.example (lower case, xn-- where it has other letters, no wildcard)'],
  ["ACME by TLS-ALPN without a port", "tls:\n  acme: { directory: https://ca.example/dir, termsAgreed: true, challenge: tls-alpn-01 }\n", "/test.yaml:2: tls.acme.port: is needed where tls.acme.challenge is tls-alpn-01"],
  ["half an external account", "tls:\n  acme: { directory: https://ca.example/dir, termsAgreed: true, externalKeyId: seven }\n", "/test.yaml:2: tls.acme.externalKeyFile: goes with tls.acme.externalKeyId: both or neither"],
  ["ACME beside a certificate of its own", "tls:\n  certificateFile: a.pem\n  acme: { directory: https://ca.example/dir, termsAgreed: true }\n", "/test.yaml:2: tls.certificateFile: is not for a server whose certificate comes by tls.acme: move it to tls.certificates"],
  ["a key that signs for nobody", "signing:\n  keys:\n    - name: a\n      pkcs12: { file: a, passwordFile: b }\n      for: []\n", "/test.yaml:5: signing.keys.0.for: signs for nobody, so it would never be used"],
  ["a key that lies nowhere", "signing:\n  keys:\n    - name: a\n      for: [a@tinh.example]\n", "/test.yaml:3: signing.keys.0: lies in exactly one of pkcs12 and pkcs11"],
  ["an address with two keys", "signing:\n  keys:\n    - { name: a, pkcs12: { file: a, passwordFile: b }, for: [A@tinh.example] }\n    - { name: b, pkcs12: { file: a, passwordFile: b }, for: [a@tinh.example] }\n", "/test.yaml:4: signing.keys.1: gives the address a@tinh.example to a second key"],
  ["a pinned partner without an authority", "delivery:\n  partners:\n    - { domains: [so.example], require: pinned }\n", "/test.yaml:3: delivery.partners.0.caFile: is needed where require is pinned"],
  ["a partner that is no domain", "delivery:\n  partners:\n    - { domains: [\"a@so.example\"], require: verified }\n", '/test.yaml:3: delivery.partners.0.domains.0: is neither a domain nor "*." and a domain'],
  ["a domain with two partners", "delivery:\n  partners:\n    - { domains: [so.example], require: verified }\n    - { domains: [SO.example], require: verified }\n", "/test.yaml:4: delivery.partners.1: gives so.example to a second partner"],
  ["a digest that is none", "pki:\n  algorithms:\n    digests: [sha1]\n", '/test.yaml:3: pki.algorithms.digests: "sha1" is none of sha256, sha384, sha512'],
  ["a key usage that is none", "pki:\n  extendedKeyUsages: [email]\n", '/test.yaml:2: pki.extendedKeyUsages: "email" is none of emailProtection, timeStamping, ocspSigning and no object identifier such as 1.3.6.1.5.5.7.3.4'],
  ["an address that is none", "pki:\n  revocation:\n    allow: [public, crl.ca.example]\n", '/test.yaml:3: pki.revocation.allow: "crl.ca.example" is neither "public" nor the beginning of a URL such as http://crl.ca.example/'],
  ["a choice that is none", "pki:\n  revocation:\n    prefer: both\n", "/test.yaml:3: pki.revocation.prefer: is none of ocsp, crl"],
  ["events that are forgotten too soon", "webhooks:\n  keep: 5d\n", "/test.yaml:2: webhooks.keep: is less than twice webhooks.stopAfter: events would be gone before anybody looks"],
  ["notifications that are forgotten too soon", "notifications:\n  keep: 1h\n", "/test.yaml:2: notifications.keep: is less than a day: systems may repeat a call for so long"],
  ["a word that is none of those", "log:\n  level: loud\n", "/test.yaml:2: log.level: is none of trace, debug, info, warn, error"],
  ["an address book without a base", "clients:\n  addressBook: ldaps://ldap.tinh.example\n", '/test.yaml:2: clients.addressBook: "ldaps://ldap.tinh.example" is not of the form ldaps://host/dc=tinh,dc=example; devices use port 636'],
  ["a profile key without its password", "clients:\n  profileKeyFile: a.p12\n", "/test.yaml:2: clients.profileKeyPasswordFile: is needed where clients.profileKeyFile is set"],
  ["an identity provider in clear", "console:\n  oidc: { issuer: http://id.example, clientId: console }\n", '/test.yaml:2: console.oidc.issuer: "http://id.example" is no https URL'],
  ["an identity provider that does not know us", "console:\n  oidc: { issuer: https://id.example }\n", "/test.yaml:2: console.oidc.clientId: is needed where console.oidc.issuer is set"],
  ["LDAP without TLS", "ldap:\n  url: ldap://ldap:389\n  baseDn: dc=tinh\n  bindDn: cn=sync\n  bindPasswordFile: f\n", '/test.yaml:2: ldap.url: "ldap://ldap:389" is not of the form ldaps://host:port; passwords are not sent without TLS'],
  ["LDAP without what it needs", "ldap:\n  url: ldaps://ldap:636\n  baseDn: dc=tinh\n  bindDn: cn=sync\n", "/test.yaml:2: ldap.bindPasswordFile: is needed where ldap.url is set"],
])("%s is an error with file, line, key and reason", (_name, text, expected) => {
  expect(problems({ file: written(text) })).toBe(expected)
})

test("YAML that is broken, or no mapping, is an error with its line", () => {
  expect(problems({ file: written("a: [1\nb: 2\n") })).toMatch(/^\/test\.yaml:\d: /)
  expect(problems({ file: written("- a\n") })).toBe("/test.yaml: is not a YAML mapping of keys")
})

test("a variable that is no key is a slip of the pen, not silence", () => {
  expect(problems({ env: { CONGTHU_SMTP_IDLE_TIMEUT: "5m" } })).toBe("environment variable CONGTHU_SMTP_IDLE_TIMEUT: is no key of the configuration; did you mean CONGTHU_SMTP_IDLE_TIMEOUT?")
  expect(problems({ env: { CONGTHU_SMTP_IDLE_TIMEOUT: "soon" } })).toMatch(/^environment variable CONGTHU_SMTP_IDLE_TIMEOUT: smtp\.idleTimeout: /)
})

test("anchors are given in the environment as YAML on one line", () => {
  const anchor = { name: "official", file: "/anchors/root.pem", purposes: ["emailProtection", "1.2.3"] }
  expect(loaded({ env: { CONGTHU_PKI_ANCHORS: JSON.stringify([anchor]) } }).pki.anchors).toEqual([anchor])
  expect(problems({ env: { CONGTHU_PKI_ANCHORS: "[{ name: official" } })).toBe("environment variable CONGTHU_PKI_ANCHORS: pki.anchors: is not a list of anchors, each with name, file and purposes")
})

test("production refuses each development convenience, and starts without them", () => {
  const keys = problems({ env: { NODE_ENV: "production" } }).split("\n").map((line) => line.split(": ")[1])
  expect(keys).toEqual(["demo.seed", "database.url", "tls.certificateFile", "pki.anchors", "store.keyFile", "auth.keyFile", "audit.keyFile", "hostname"])
  const env = {
    NODE_ENV: "production", CONGTHU_DEMO_SEED: "false", DATABASE_URL: "postgres://database", CONGTHU_TLS_CERTIFICATE_FILE: "/tls/chain.pem", CONGTHU_TLS_KEY_FILE: "/tls/key.pem",
    CONGTHU_STORE_KEY_FILE: "/keys/content.key", CONGTHU_AUTH_KEY_FILE: "/keys/credential.key", CONGTHU_AUDIT_KEY_FILE: "/keys/audit.key", CONGTHU_HOSTNAME: "mail.province.gov",
    CONGTHU_PKI_ANCHORS: "[{ name: official, file: /anchors/root.pem, purposes: [emailProtection] }]",
  }
  expect(problems({ env })).toBe("")
})

test("who needs a second factor depends on the kind of machine, unless it is said", () => {
  expect(loaded({}).console.secondFactor).toBe("optional")
  const production = { NODE_ENV: "production", DATABASE_URL: "postgres://database", REDIS_URL: "redis://redis", CONGTHU_HOSTNAME: "mail.province.gov" }
  const file = fileURLToPath(new URL("../../config/production.example.yaml", import.meta.url))
  expect(loaded({ file, env: production }).console.secondFactor).toBe("administrators")
  expect(loaded({ file, env: { ...production, CONGTHU_CONSOLE_SECOND_FACTOR: "everybody" } }).console.secondFactor).toBe("everybody")
})

test("config/production.example.yaml needs no more than the secrets and the name that docker-compose.yml asks for", () => {
  const env = { NODE_ENV: "production", DATABASE_URL: "postgres://database", REDIS_URL: "redis://redis", CONGTHU_HOSTNAME: "mail.province.gov" }
  expect(problems({ file: fileURLToPath(new URL("../../config/production.example.yaml", import.meta.url)), env })).toBe("")
})

test("what modules receive cannot be changed", () => {
  const config = loaded({})
  expect(Object.isFrozen(config)).toBe(true)
  expect(Object.isFrozen(config.delivery.retry)).toBe(true)
})
