import { readdir } from "node:fs/promises"
import { join } from "node:path"
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest"
import type { ImapClient } from "../../support/imap-client.ts"
import { createImapWorld, type ImapWorld } from "../../support/imap-world.ts"
import { appendMessage, simpleMessage } from "../commands/dialog.ts"
import { type ClientMachine, createClientMachine, installed } from "./client-machine.ts"

const user = "an@tinh.example"
let world: ImapWorld
let machine: ClientMachine
let client: ImapClient
let port = 0
let appPassword = ""

beforeAll(async () => {
  world = await createImapWorld()
  port = world.server.ports.imaps
  appPassword = world.appPasswords.get(user) ?? ""
})
afterAll(() => world.close())
beforeEach(async () => {
  machine = await createClientMachine(world)
  client = await world.signIn()
  await client.command("SELECT INBOX")
  await client.command("STORE 1:* +FLAGS.SILENT (\\Deleted)")
  await client.command("EXPUNGE")
  await world.deliver(user, "Công văn số 1")
  for (let at = 0; at < 20; at++) await appendMessage(client, simpleMessage(`m${at}`, "dòng\r\n".repeat(at * 20)), { before: at % 2 === 0 ? "" : "(\\Seen $Forwarded) " })
})
afterEach(async () => {
  client.destroy()
  await machine.remove()
  expect(world.bugs).toEqual([])
})

const inbox = async (command: string): Promise<string> => {
  await client.command("NOOP")
  return (await client.command(command))[0] ?? ""
}

describe.skipIf(!installed("offlineimap"))("offlineimap3 (skipped where it is not installed)", () => {
  test("fetches every message", async () => {
    const config = await machine.write("offlineimaprc", [
      "[general]", "accounts = a", "ui = quiet", `metadata = ${machine.dir}/meta`, "[Account a]", "localrepository = l", "remoterepository = r",
      "[Repository l]", "type = Maildir", `localfolders = ${machine.dir}/mail`,
      "[Repository r]", "type = IMAP", "remotehost = localhost", `remoteport = ${port}`, `remoteuser = ${user}`, `remotepass = ${appPassword}`, "ssl = yes", `sslcacertfile = ${machine.caFile}`, "ssl_version = tls1_2", "",
    ].join("\n"))
    await machine.run("offlineimap", ["-c", config, "-o"])
    const files = [...(await readdir(join(machine.dir, "mail/INBOX/new"))), ...(await readdir(join(machine.dir, "mail/INBOX/cur")))]
    expect(files).toHaveLength(21)
  })
})

describe.skipIf(!installed("neomutt") || !installed("script"))("neomutt (skipped where it or script is not installed)", () => {
  test("opens the mailbox and flags a message", async () => {
    const config = await machine.write("muttrc", [
      `set folder = "imaps://localhost:${port}/"`, `set imap_user = "${user}"`, `set imap_pass = "${appPassword}"`, `set certificate_file = "${machine.caFile}"`, "set spoolfile = +INBOX", "set ssl_verify_host = yes",
      "unset confirmappend", "set quit = yes", "set sort = date", "",
    ].join("\n"))
    await machine.run("script", ["-qec", `neomutt -n -F ${config} -e 'push "<first-entry><flag-message><sync-mailbox><quit>"'`, "/dev/null"])
    expect(await inbox("SEARCH RETURN (COUNT) FLAGGED")).toBe("* ESEARCH (TAG \"t\") COUNT 1")
  })
})
