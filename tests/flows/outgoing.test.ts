import { authenticate } from "mailauth"
import { join } from "node:path"
import { afterAll, beforeAll, expect, test } from "vitest"
import { readKey } from "../../src/base/key-file.ts"
import { createSealer } from "../../src/store/sealing.ts"
import { createDkimKeyStore } from "../../src/store/sql/dkim-keys.ts"
import { domain } from "../crash/province.ts"
import { activeKeys, textResolver } from "../support/dkim-keys.ts"
import { eventually, type FaultsWorld, message, send, startFaultsWorld } from "../support/faults-world.ts"
import { type ForeignMessage, type ForeignServer, startForeignServer } from "../support/foreign-mail.ts"
import { freeLoopbackPort } from "../support/free-port.ts"
import { testTls } from "../support/test-tls.ts"

let world: FaultsWorld
let server: ForeignServer
beforeAll(async () => {
  const port = await freeLoopbackPort()
  const tls = await testTls("127.0.0.1")
  server = await startForeignServer({ address: "127.0.0.1", port, key: tls.key, cert: tls.cert })
  world = await startFaultsWorld({ env: { CONGTHU_DELIVERY_SMARTHOST: `127.0.0.1:${port}`, CONGTHU_HOSTNAME: `thu.${domain}` }, accounts: 1 })
  await world.database.query({ text: `INSERT INTO mail_group (address, display_name) VALUES ('ban@${domain}', 'Ban'); INSERT INTO mail_group_member VALUES ('ban@${domain}', 'khach@xa.example'); UPDATE directory_version SET version = version + 1` })
}, 90_000)
afterAll(async () => {
  await world?.close()
  await server?.close()
})

const arrived = (count: number): Promise<readonly ForeignMessage[]> => eventually(async () => server.received, ({ length }) => length >= count)

test("the whole way: a letter leaves signed, a stranger's letter to a group leaves sealed in our name, and its bounce finds the stranger", async () => {
  const store = createDkimKeyStore({ database: world.database, sealer: createSealer(await readKey(join(world.system.dataDir, "keys/content.key"))) })
  const resolver = textResolver(await activeKeys(store, domain))
  const [an] = world.accounts
  if (!an) throw new Error("no account")
  const submitter = await world.people.submitter(an)
  expect(await send(submitter, { from: an.address, to: "khach@xa.example" }, message("thu-di", { from: an.address }))).toMatch(/^250 /)
  submitter.destroy()
  const [letter] = await arrived(1)
  const own = await authenticate(letter?.content ?? Buffer.alloc(0), { ip: "192.0.2.1", helo: "a.example", sender: an.address, mta: "xa.example", resolver })
  expect(own.dkim.results.map(({ status }) => status.result)).toEqual(["pass", "pass"])

  // the group is known to the role once it has heard of the new directory
  const outsider = await world.people.outsider()
  await eventually(() => send(outsider, { to: `ban@${domain}` }, message("thu-chuyen")), (reply) => reply.startsWith("250 "))
  const [, passedOn] = await arrived(2)
  expect(passedOn?.from).toMatch(new RegExp(`^SRS0=\\w{6}=\\w\\w=ngoai\\.example=nguoigui@thu\\.${domain.replace(".", "\\.")}$`))
  const { arc } = await authenticate(passedOn?.content ?? Buffer.alloc(0), { ip: "192.0.2.1", helo: "a.example", sender: "", mta: "xa.example", resolver })
  expect(arc !== false && arc.status.result).toBe("pass")

  expect(await send(outsider, { from: "", to: passedOn?.from ?? "" }, message("bao-loi"))).toMatch(/^250 /)
  outsider.destroy()
  const [, , bounce] = await arrived(3)
  expect(bounce).toMatchObject({ from: "", to: [{ address: "nguoigui@ngoai.example" }] })
}, 60_000)
