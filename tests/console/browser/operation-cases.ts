import { createTransport } from "nodemailer"
import { expect, test } from "vitest"
import { complaints, type ConsoleBrowser, looksRight, pagesLookRight } from "../../support/console-browser.ts"

/** Something for every page to show: a message that waits for a server which is not there, and one that policy holds. */
export async function mailToOperate({ system, logins, database }: ConsoleBrowser): Promise<{ readonly waiting: number; readonly held: number }> {
  const [sender] = logins
  if (!sender) throw new Error("there is no demo login")
  const transport = createTransport({ host: "127.0.0.1", port: system.ports["submissions"] ?? 0, secure: true, auth: { user: sender.address, pass: sender.password }, tls: { rejectUnauthorized: false } })
  // a name that is not there would be given up at once
  await database.query({ text: "INSERT INTO destination_pause (kind, pattern, paused_by, why) VALUES ('domain', 'khong-co.example', 'test', 'đang chuyển máy chủ')" })
  const send = (to: string) => transport.sendMail({ from: sender.address, to, subject: "Giấy mời họp <b>giao ban</b>", text: "Kính gửi ông/bà,\n\nMời dự họp lúc 8 giờ.\n", attachments: [{ filename: "lich-hop.pdf", content: Buffer.from("%PDF-1.4") }] })
  await send("van-thu@khong-co.example")
  await send(sender.address)
  transport.close()
  const [waiting] = await database.query<{ id: number }>({ text: "SELECT max(id) AS id FROM delivery WHERE account_id IS NULL" })
  const [held] = await database.query<{ id: number }>({
    text: `INSERT INTO held_message (envelope_id, kind, rule_id, reason_vi, reason_en, notify, held_at)
      SELECT max(envelope_id), 'quarantine', 'inbound.unsigned', 'Thư không có chữ ký số', 'The message is not signed', '{}', now() FROM delivery WHERE account_id IS NOT NULL RETURNING envelope_id AS id`,
  })
  return { waiting: waiting?.id ?? 0, held: held?.id ?? 0 }
}

export function operationCases(at: () => ConsoleBrowser): void {
  let mail: ReturnType<typeof mailToOperate> | undefined
  test.each([{ language: "vi", size: "desktop" }, { language: "en", size: "phone" }] as const)("the pages of operation look right with something on them, in $language on a $size", async (options) => {
    const { waiting, held } = await (mail ??= mailToOperate(at()))
    const [delivery] = await at().database.query<{ envelopeId: number }>({ text: `SELECT envelope_id AS "envelopeId" FROM delivery WHERE id = $1` }, [waiting])
    const [certificate] = await at().database.query<{ fingerprint: string }>({ text: "SELECT fingerprint FROM certificate LIMIT 1" })
    const paths = [
      "/queue", `/queue/${waiting}`, "/queue/destinations", `/trace?what=${delivery?.envelopeId}`, "/held", `/held/${held}?content=1`, "/certificates", ...(certificate ? [`/certificates/${certificate.fingerprint}`] : []),
      "/certificates/new", "/policies", "/policies/edit", "/policies/explain", "/audit", "/audit/chain", "/connections", "/bans", "/reports/tls", "/reports/dmarc",
    ]
    const context = await at().signedIn(0, options)
    const page = await context.newPage()
    const said = complaints(page)
    for (const path of paths) {
      const answer = await page.goto(`${at().url}/console${path}`)
      expect(answer?.status(), path).toBe(200)
      await looksRight(page, `${path.replace(/\d{2,}|[0-9a-f]{20,}/g, "N").slice(1).replaceAll(/[/?=]/g, "-")}-${options.language}-${options.size}`)
    }
    expect(said).toEqual([])
    await context.close()
  })

  test("moderation and the API's documentation look right: a group's form, what waits for a moderator and for an administrator, recipient by recipient", async () => {
    const { database, logins } = at()
    await (mail ??= mailToOperate(at()))
    const [group] = await database.query<{ address: string }>({ text: "SELECT address FROM mail_group ORDER BY address LIMIT 1" })
    // a circular that waits, of which one recipient has been decided
    const [held] = await database.query<{ id: number }>({
      text: `WITH made AS (INSERT INTO envelope SELECT (jsonb_populate_record(e, jsonb_build_object('id', e.id + 1000000))).* FROM envelope e WHERE e.id = (SELECT max(id) FROM envelope) RETURNING id),
        d AS (INSERT INTO delivery (id, envelope_id, recipient, account_id, original_recipient, state, next_attempt_at, expires_at)
          SELECT 900000000 + a.id, made.id, a.address, a.id, a.address, CASE a.n WHEN 1 THEN 'waiting'::delivery_state ELSE 'held' END, now() + interval '1 year', now() + interval '2 years' FROM made, (SELECT *, row_number() OVER (ORDER BY id) AS n FROM account ORDER BY id LIMIT 40) a)
        INSERT INTO held_message (envelope_id, kind, rule_id, reason_vi, reason_en, notify, held_at, approvers)
        SELECT id, 'approval', 'group.moderated', 'Thư gửi tới nhóm toan-tinh@tinh.example chờ người duyệt nhóm chấp thuận', 'The message to toan-tinh@tinh.example waits for the group''s moderators', '{}', now(), ARRAY[$1] FROM made RETURNING envelope_id AS id`,
    }, [logins[0]?.address ?? ""])
    await pagesLookRight(at(), 0, [
      "/console/directory/new/group?unitCode=SNV", `/console/directory/groups/${encodeURIComponent(group?.address ?? "")}/change`, `/console/held/${held?.id}`, "/console/me/approvals", `/console/me/approvals/${held?.id}?content=1`, "/console/api", "/console/api/getQueue",
    ])
    await pagesLookRight(at(), 1, ["/console/held", `/console/held/${held?.id}`])
  })

  test("a page of the queue is selected whole and held; a replay goes on to its end without being asked again", async () => {
    const { signedIn, url, database } = at()
    const context = await signedIn(0, { language: "en" })
    const page = await context.newPage()
    const said = complaints(page)
    await page.goto(`${url}/console/queue`)
    await page.click("[data-selects] input")
    await page.click('button[value="hold"]')
    await page.fill("#why", "waiting for an answer")
    await looksRight(page, "queue-plan-en-desktop")
    await page.click("main form:not(.language) button")
    await page.waitForSelector(".notice.done")
    expect(await database.query({ text: "SELECT FROM delivery_hold" })).not.toEqual([])
    await page.goto(`${url}/console/policies/edit`)
    await page.click("main form button")
    await page.locator("form.row button", { hasText: "Replay" }).click()
    await page.locator("#run", { hasText: "decisions" }).waitFor()
    await looksRight(page, "replay-en-desktop")
    await page.goto(`${url}/console/audit/chain`)
    await page.click("main form button")
    await page.locator("#run .notice", { hasText: "sealed" }).waitFor()
    expect(said).toEqual([])
    await context.close()
  })

  test("an administrator of a department sees the held messages and certificates of it, and no queue", async () => {
    const { signedIn, url } = at()
    const context = await signedIn(1)
    const page = await context.newPage()
    await page.goto(`${url}/console/held`)
    expect(await page.locator("#menu a").allTextContents()).not.toContain("Hàng đợi thư")
    await looksRight(page, "held-unit-vi-desktop")
    expect((await page.goto(`${url}/console/queue`))?.status()).toBe(403)
    await context.close()
  })
}
