import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { type CertificateLogins, createCertificateLogins } from "../../src/accounts/certificate-login.ts"
import type { DirectorySource } from "../../src/accounts/directory.ts"
import { recordedRevocation } from "../../src/accounts/signing-right.ts"
import { systemClock } from "../../src/base/clock.ts"
import { configSchema } from "../../src/config/schema.ts"
import { keyPurpose } from "../../src/pki/key-purpose.ts"
import { clientAuthentication } from "../../src/pki/path-rules.ts"
import { createPathValidator } from "../../src/pki/validate-path.ts"
import { pem } from "../../src/pki/write-certificate.ts"
import { createRevocation } from "../../src/roles/revocation.ts"
import { createCertificateRegistry } from "../../src/store/sql/certificates.ts"
import { testLog, type TestStore, unwrap } from "./store.ts"
import { testCrl } from "./test-crl.ts"
import { authorityOf, day, holderOf, type Issued, type Shape } from "./test-pki.ts"

/** Clients with certificates, the authority above them with its CRL, and who decides what they open: the real parts on the real store. */
export interface ClientCertificateWorld {
  readonly logins: CertificateLogins
  /** PEM, for `openssl s_client -cert` and the like; `file` has both. */
  client(shape: ClientShape): Promise<TestClient>
  revoke(client: TestClient): Promise<void>
  register(client: TestClient, principalId: string, accounts?: readonly string[]): Promise<void>
  close(): Promise<void>
}

export interface TestClient {
  readonly issued: Issued
  readonly cert: string
  readonly key: string
  readonly file: string
}

export interface ClientShape extends Pick<Shape, "addresses" | "purposes" | "to" | "key"> {
  readonly name: string
  /** Of an authority that nobody trusts. */
  readonly stranger?: boolean
}

export async function createClientCertificates({ store, directory, byAddress = false }: { readonly store: TestStore; readonly directory: DirectorySource; readonly byAddress?: boolean }): Promise<ClientCertificateWorld> {
  const dir = await mkdtemp(join(tmpdir(), "congthu-clients-"))
  const from = systemClock.now() - day
  const to = systemClock.now() + 30 * day
  const ca = authorityOf({ name: "Client CA", from, to })
  const other = authorityOf({ name: "Other CA", from, to })
  const list = join(dir, "clients.crl")
  const revoked: string[] = []
  const writeList = (): Promise<void> => writeFile(list, testCrl({ issuer: ca, thisUpdate: systemClock.now() - 60_000, entries: revoked.map((serialNumber) => ({ serialNumber })) }))
  await writeList()
  const { database, feed } = store
  const config = configSchema.parse({}).pki
  const algorithms = config.algorithms
  const validator = createPathValidator({ anchors: [{ name: "clients", certificate: ca.certificate, purposes: new Set([keyPurpose.clientAuth]) }], intermediates: [], algorithms })
  const paths = () => validator
  const revocation = createRevocation({
    database, feed, paths, purpose: clientAuthentication, clock: systemClock, log: testLog, recorded: (fingerprint) => recordedRevocation(directory.current(), fingerprint),
    // every sign-in asks again, so that a test need not wait
    config: { ...config, revocation: { ...config.revocation, lists: [list], refresh: 0, remember: 0 } },
  })
  let written = 0
  return {
    logins: createCertificateLogins({ directory, statuses: revocation.statuses, paths, purpose: clientAuthentication, byAddress, clock: systemClock }),
    async client({ stranger, purposes = [keyPurpose.clientAuth], ...shape }) {
      const issued = holderOf({ from, to, purposes, ...shape, by: stranger ? other : ca })
      const cert = pem("CERTIFICATE", issued.certificate.der)
      const key = issued.privateKey.export({ type: "pkcs8", format: "pem" }).toString()
      const file = join(dir, `${written++}.pem`)
      await writeFile(file, cert + key, { mode: 0o600 })
      return { issued, cert, key, file }
    },
    async revoke({ issued }) {
      revoked.push(issued.certificate.serialNumber)
      await writeList()
    },
    async register({ issued }, principalId, accounts = []) {
      unwrap(await createCertificateRegistry(database).add([{ certificate: issued.certificate, principalId, use: "organizational", accounts, from: null, until: null }], { by: "test", source: "command" }))
      await directory.refresh()
    },
    async close() {
      await revocation.close()
      await rm(dir, { recursive: true, force: true })
    },
  }
}
