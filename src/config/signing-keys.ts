import { z } from "zod"

/** One entry of `signing.keys`: where a key lies, and whose messages it signs. */
const name = z.string("has no name").regex(/^[\w.-]{1,64}$/, "is not a name of letters, digits, dots and hyphens")
const file = (what: string) => z.string(`names no ${what}`).min(1, `names no ${what}`)
const address = z.string("is not an address").regex(/^[^\s@]{1,64}@[^\s@]{1,255}$/, "is not an address")

const pkcs12 = z.strictObject({ file: file("file"), passwordFile: file("password file") })
const pkcs11 = z.strictObject({
  module: file("library of the token"), tokenLabel: file("token"), keyLabel: file("key"), pinFile: file("PIN file"), certificateFile: z.string("is not a file").default(""),
})

export const signingKeyList = z
  .array(
    z
      .strictObject({ name, pkcs12: pkcs12.optional(), pkcs11: pkcs11.optional(), pss: z.boolean("is neither true nor false").default(false), for: z.array(address).min(1, "signs for nobody, so it would never be used") })
      .refine((key) => (key.pkcs12 === undefined) !== (key.pkcs11 === undefined), { error: "lies in exactly one of pkcs12 and pkcs11" }),
    "is not a list of keys, each with name, pkcs12 or pkcs11, and for",
  )
  .check(({ value, issues }) => {
    const taken = new Set<string>()
    for (const [at, key] of value.entries()) {
      for (const said of [`the name ${key.name}`, ...key.for.map((one) => `the address ${one.toLowerCase()}`)]) {
        if (taken.has(said)) issues.push({ code: "custom", message: `gives ${said} to a second key`, input: value, path: [at] })
        taken.add(said)
      }
    }
  })
