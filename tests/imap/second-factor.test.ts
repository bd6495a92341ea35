import { afterAll, beforeAll, expect, test } from "vitest"
import { createFactorStore } from "../../src/store/sql/second-factors.ts"
import { createImapWorld, type ImapWorld, password } from "../support/imap-world.ts"

let world: ImapWorld
beforeAll(async () => {
  world = await createImapWorld()
})
afterAll(() => world.close())

test("whoever has a second factor is told to use an app password, in both languages, whichever way the password comes", async () => {
  const address = "an@tinh.example"
  await createFactorStore(world.store.database).addTotp({ owner: { accountId: world.accountId(address), principalId: "an" }, name: "x", sessionId: 0, secret: Buffer.from("x"), lastStep: 0 })
  const client = await world.connect()
  const plain = (secret: string): string => Buffer.from(`\0${address}\0${secret}`).toString("base64")
  const told = /^t NO \[AUTHENTICATIONFAILED\] [ -~]*mat khau ung dung[ -~]* \/ [ -~]*app password/
  expect((await client.command(`AUTHENTICATE PLAIN ${plain(password)}`)).at(-1)).toMatch(told)
  expect((await client.command(`LOGIN ${address} {${Buffer.byteLength(password)}+}\r\n${password}`)).at(-1)).toMatch(told)
  expect((await client.command(`AUTHENTICATE PLAIN ${plain("wrong")}`)).at(-1)).toBe("t NO [AUTHENTICATIONFAILED] The address or the password is wrong.")
  expect((await client.command(`AUTHENTICATE PLAIN ${plain(world.appPasswords.get(address) ?? "")}`)).at(-1)).toMatch(/^t OK/)
  expect(world.bugs).toEqual([])
})
