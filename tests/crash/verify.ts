import { createHash } from "node:crypto"
import { readdir } from "node:fs/promises"
import { setTimeout as pause } from "node:timers/promises"
import { ImapFlow } from "imapflow"
import { systemClock } from "../../src/base/clock.ts"
import { flagBits } from "../../src/mail/flag.ts"
import { createFileBlobs } from "../../src/store/blob/file-blobs.ts"
import type { Database } from "../../src/store/sql/database.ts"
import { createHousekeeping } from "../../src/store/sql/housekeeping.ts"
import { loadIndex, readHead } from "../../src/store/sql/mailbox-log.ts"
import type { CrashAccount } from "./province.ts"
import type { Sent } from "./submitter.ts"

/** Waits until no delivery waits; the number that still do when `withinMs` have passed. */
export async function drain(database: Database, withinMs: number): Promise<number> {
  const until = systemClock.now() + withinMs
  for (;;) {
    const waiting = await database.query<{ n: number }>({ text: "SELECT count(*) AS n FROM delivery WHERE state IN ('waiting', 'deferred')" }).then(([row]) => row?.n, () => undefined)
    if (waiting === 0 || systemClock.now() > until) return waiting ?? -1
    await pause(100)
  }
}

/** Reads every mailbox over IMAP: each acknowledged message exactly once for each recipient, byte for byte; nothing else, and nothing twice. */
export async function verifyMessages(port: number, accounts: readonly CrashAccount[], ledger: readonly Sent[]): Promise<readonly string[]> {
  const problems: string[] = []
  for (const account of accounts) {
    /** Where each message is: folder and uid. */
    const found = new Map<number, string[]>()
    const client = new ImapFlow({ host: "127.0.0.1", port, secure: true, tls: { rejectUnauthorized: false }, auth: { user: account.address, pass: account.password }, logger: false })
    await client.connect()
    for (const name of ["INBOX", "Archive"]) {
      await client.mailboxOpen(name)
      if (client.mailbox === false || client.mailbox.exists === 0) continue
      for await (const message of client.fetch("1:*", { uid: true, source: true })) {
        const source = message.source ?? Buffer.alloc(0)
        const content = source.subarray(source.indexOf("X-Crash-Number: "))
        const number = Number(/^X-Crash-Number: (\d+)/.exec(content.subarray(0, 40).toString("latin1"))?.[1])
        const sent = ledger[number]
        found.set(number, [...(found.get(number) ?? []), `${name}/${message.uid}`])
        if (!sent?.recipients.includes(account.id)) problems.push(`${account.address} has message ${number}, which was not for it`)
        else if (createHash("sha256").update(content).digest("hex") !== sent.sha256) problems.push(`${account.address}: message ${number} has other bytes than were sent`)
      }
    }
    await client.logout()
    for (const sent of ledger) {
      const places = found.get(sent.number) ?? []
      if (!sent.recipients.includes(account.id)) continue
      if (places.length > 1 || (sent.acknowledged && places.length === 0)) problems.push(`${account.address} has message ${sent.number} ${places.length} times (${places.join(", ")}); it was ${sent.acknowledged ? "" : "not "}acknowledged`)
    }
  }
  return problems
}

/** The rules of UIDs, modseqs and counters, and that nothing is left over after housekeeping. The system must be quiet. */
export async function verifyStore(database: Database, blobDir: string): Promise<readonly string[]> {
  const problems: string[] = []
  for (const { id } of await database.query<{ id: number }>({ text: "SELECT id FROM mailbox WHERE messages > 0 OR highest_modseq > 1" })) {
    const head = await readHead(database, id)
    if (!head) continue
    const index = await loadIndex(database, id, head)
    const flags = [...index.flags.subarray(0, index.count)]
    const [row] = await database.query({ text: "SELECT messages, unseen, deleted, bytes, uid_next, highest_modseq FROM mailbox WHERE id = $1" }, [id])
    const counted = {
      messages: index.count,
      unseen: flags.filter((set) => !(set & flagBits.seen)).length,
      deleted: flags.filter((set) => set & flagBits.deleted).length,
      bytes: [...index.sizes.subarray(0, index.count)].reduce((sum, size) => sum + size, 0),
      uid_next: row?.["uid_next"],
      highest_modseq: index.modSeq,
    }
    if (JSON.stringify(row) !== JSON.stringify(counted)) problems.push(`mailbox ${id} says ${JSON.stringify(row)}, counted ${JSON.stringify(counted)}`)
    if ((index.uids[index.count - 1] ?? 0) >= Number(row?.["uid_next"])) problems.push(`mailbox ${id}: a uid is not below UIDNEXT`)
  }
  const future = { now: () => systemClock.now() + 60_000 }
  const housekeeping = createHousekeeping({ database, blobs: createFileBlobs(blobDir), clock: future })
  await housekeeping.markOrphans()
  await housekeeping.deleteOrphans(0)
  await housekeeping.sweepBlobs(0)
  for (const [what, text] of Object.entries(leftovers)) {
    const [row] = await database.query<{ n: number }>({ text })
    if (row?.n !== 0) problems.push(`${row?.n} ${what}`)
  }
  const files = (await readdir(blobDir, { recursive: true })).filter((name) => name.includes("/")).length
  const [rows] = await database.query<{ n: number }>({ text: "SELECT count(*) AS n FROM content WHERE blob_key IS NOT NULL" })
  if (files !== rows?.n) problems.push(`${files} blobs for ${rows?.n} contents`)
  return problems
}

const leftovers = {
  "messages without their content": "SELECT count(*) AS n FROM message m WHERE NOT EXISTS (SELECT FROM content c WHERE c.hash = m.content)",
  "messages without their mailbox": "SELECT count(*) AS n FROM message m WHERE NOT EXISTS (SELECT FROM mailbox b WHERE b.id = m.mailbox_id)",
  "contents that nothing refers to": "SELECT count(*) AS n FROM content c WHERE NOT EXISTS (SELECT FROM message m WHERE m.content = c.hash)",
  "deliveries without their envelope": "SELECT count(*) AS n FROM delivery d WHERE NOT EXISTS (SELECT FROM envelope e WHERE e.id = d.envelope_id)",
  "envelopes without deliveries": "SELECT count(*) AS n FROM envelope e WHERE NOT EXISTS (SELECT FROM delivery d WHERE d.envelope_id = e.id)",
  "envelopes without an audit entry": "SELECT count(*) AS n FROM envelope e WHERE NOT EXISTS (SELECT FROM audit a WHERE a.envelope_id = e.id)",
  "local deliveries that are not delivered": "SELECT count(*) AS n FROM delivery WHERE account_id IS NOT NULL AND state <> 'delivered'",
  "changes of the log above its head": "SELECT count(*) AS n FROM mailbox_change c JOIN mailbox m ON m.id = c.mailbox_id WHERE c.modseq > m.highest_modseq",
  "messages above the head of their log": "SELECT count(*) AS n FROM message g JOIN mailbox m ON m.id = g.mailbox_id WHERE g.modseq > m.highest_modseq OR g.uid >= m.uid_next",
}
