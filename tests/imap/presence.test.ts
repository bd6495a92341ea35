import { expect, test } from "vitest"
import { createCredentialStore } from "../../src/store/sql/credentials.ts"
import { createPresence } from "../../src/store/sql/presence.ts"
import { createFactorStore } from "../../src/store/sql/second-factors.ts"
import { createImapWorld } from "../support/imap-world.ts"

test("who is signed in is present with what the client calls itself, is told BYE when an administrator ends it, and is gone afterwards", async () => {
  const world = await createImapWorld()
  const { database } = world.store
  const presence = createPresence({ database, clock: { now: () => Date.now() }, onError: (error) => world.bugs.push(error), everyMs: 1e8 })
  const server = await world.another({ services: { presence } })
  const client = await world.signIn("an@tinh.example", server)
  await client.command('ID ("name" "Thunderbird" "version" "128")')
  await presence.tick()
  expect(await database.query({ text: 'SELECT protocol, account_id AS "accountId", client_id AS "clientId" FROM presence' })).toEqual([{ protocol: "imap", accountId: world.accountId("an@tinh.example"), clientId: "Thunderbird 128" }])
  await database.query({ text: "UPDATE presence SET end_wanted = true" })
  await presence.tick()
  expect(await client.line()).toMatch(/^\* BYE /)
  await presence.tick()
  expect(await database.query({ text: "SELECT FROM presence" })).toEqual([])
  await presence.close()
  await world.close()
})

test("whose second factor is added, or whose credential is revoked, stays in by no password: such connections end, others go on", async () => {
  const world = await createImapWorld()
  const { database } = world.store
  const options = { database, clock: { now: () => Date.now() }, onError: (error: unknown) => world.bugs.push(error), everyMs: 1e8 }
  const presence = createPresence(options)
  const anyPassword = createPresence({ ...options, mailPassword: "always" })
  const [server, lenient] = [await world.another({ services: { presence } }), await world.another({ services: { presence: anyPassword } })]
  const address = "an@tinh.example"
  const owner = { accountId: world.accountId(address), principalId: "an" }
  const [byPassword, byApp, allowed, other] = [await world.signIn(address, server), await world.connect({ server }), await world.signIn(address, lenient), await world.signIn("binh@tinh.example", server)]
  expect(await byApp.command(`LOGIN ${address} ${world.appPasswords.get(address)}`)).toContainEqual(expect.stringMatching(/ OK /))
  const beats = async (): Promise<void> => {
    // the first tells who is here, the second whether they may stay
    for (const one of [presence, presence, anyPassword, anyPassword]) await one.tick()
  }
  await beats()
  expect(world.ended).toEqual([])
  await createFactorStore(database).addTotp({ owner, name: "Điện thoại", sessionId: 0, secret: Buffer.alloc(20), lastStep: 0 })
  await beats()
  expect(await byPassword.line()).toMatch(/^\* BYE .*no longer valid/)
  expect(await byApp.command("NOOP")).toContainEqual(expect.stringMatching(/ OK /))
  const credentials = createCredentialStore(database)
  const app = (await credentials.list(owner.accountId)).find(({ kind }) => kind === "appPassword")
  expect(await credentials.revoke(owner.accountId, app?.id ?? 0)).toBe(true)
  await beats()
  expect(await byApp.line()).toMatch(/^\* BYE .*no longer valid/)
  // where passwords are for mail clients, too, only a new one ends what the old one opened
  expect(await allowed.command("NOOP")).toContainEqual(expect.stringMatching(/ OK /))
  await credentials.setPassword(owner.accountId, "another")
  await beats()
  expect(await allowed.line()).toMatch(/^\* BYE .*no longer valid/)
  expect(await other.command("NOOP")).toContainEqual(expect.stringMatching(/ OK /))
  expect(world.bugs).toEqual([])
  for (const one of [presence, anyPassword]) await one.close()
  await world.close()
})
