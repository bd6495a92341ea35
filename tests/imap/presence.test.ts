import { expect, test } from "vitest"
import { createPresence } from "../../src/store/sql/presence.ts"
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
