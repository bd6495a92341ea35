import { join } from "node:path"
import { systemClock } from "../../src/base/clock.ts"
import type { Config } from "../../src/config/schema.ts"
import { type KeyType, openDevelopmentSmimeCa } from "../../src/pki/development-smime-ca.ts"
import { parseCertificate } from "../../src/pki/parse-certificate.ts"
import { keyObjectKey } from "../../src/pki/sign/key-object-key.ts"
import type { SigningKey } from "../../src/pki/sign/signing-key.ts"
import { connectDatabase } from "../../src/store/sql/connect.ts"
import { insertCertificate } from "../support/smime-people.ts"
import { addressOf, type UserPattern } from "./target.ts"

export type BenchKeyType = Extract<KeyType, "P-256" | "rsa2048">

/** The keys of the first bench users, of each type: user 1's is the first. */
export type SigningKeys = Readonly<Record<BenchKeyType, readonly SigningKey[]>>

/** Issues certificates by the development CA of the data folder and registers them, as an administrator would, for users 1 to `count`. */
export async function provisionCertificates(config: Config, users: UserPattern, count: number): Promise<SigningKeys> {
  const ca = await openDevelopmentSmimeCa({ dir: join(config.dataDir, "pki"), clock: systemClock })
  const { database, close } = await connectDatabase(config, "congthu bench")
  const register = async (number: number, keyType: BenchKeyType): Promise<SigningKey> => {
    const address = addressOf({ users }, number)
    const { certificateDer, privateKey } = ca.issue({ subject: { commonName: address }, addresses: [address], keyType })
    await insertCertificate(database, `bench:${address}`, certificateDer)
    const certificate = parseCertificate(certificateDer)
    if (!certificate.ok) throw new Error(certificate.failure.detail)
    return keyObjectKey({ name: address, privateKey, chain: [certificate.value, ca.intermediate.certificate] })
  }
  const numbers = Array.from({ length: count }, (_, index) => index + 1)
  try {
    const keys = { "P-256": await Promise.all(numbers.map((number) => register(number, "P-256"))), rsa2048: await Promise.all(numbers.map((number) => register(number, "rsa2048"))) }
    await database.query({ text: "UPDATE directory_version SET version = version + 1" })
    return keys
  } finally {
    await close()
  }
}
