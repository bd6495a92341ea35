import { createHash, randomBytes } from "node:crypto"
import { createTransport } from "nodemailer"
import type { BrowserContext, Page } from "playwright-core"
import { beforeAll, expect, test } from "vitest"
import { writeName } from "../../../src/pki/distinguished-name.ts"
import type { ConsoleBrowser } from "../../support/console-browser.ts"
import { routesByRole } from "../../support/console-routes.ts"
import { holderOf } from "../../support/test-pki.ts"
import { notShown } from "./stored-script/columns.ts"
import { type Found, lookForPayloads, payloadOf, watcher } from "./stored-script/payload.ts"
import { type Person, plant, type Planted } from "./stored-script/plant.ts"

/** Stored script in every name field: planted in every column that holds text, and no page of the console, for whoever, in whichever language, does anything but show it. The last of all cases: what it plants stays. */
interface World {
  readonly people: readonly Person[]
  readonly planted: Planted
  readonly envelopeId: number
  readonly certificate: { readonly der: Buffer; readonly fingerprint: string }
}

/** Places that no column holds: what is inside a message and a certificate. */
const inside = ["message.subject", "message.sender", "message.text", "message.attachment", "certificate.der", "upload.table", "upload.policy", "upload.message"] as const

async function prepare(at: ConsoleBrowser): Promise<World> {
  const { database, logins } = at
  const people = await database.query<Person>({
    text: `SELECT a.id AS "accountId", g.principal_id AS "principalId", a.address FROM account a JOIN assignment g ON g.account_id = a.id AND 'owner' = ANY (g.rights)
      WHERE a.address = ANY ($1) OR a.id = (SELECT max(b.id) FROM account b JOIN assignment h ON h.account_id = b.id AND 'owner' = ANY (h.rights) WHERE b.kind = 'personal' AND b.unit_code = 'SNV.VP' AND b.suspended_at IS NULL)
      ORDER BY coalesce(array_position($1, a.address), 9)`,
  }, [logins.slice(0, 2).map(({ address }) => address)])
  const envelopeId = await letter(at)
  const { der } = holderOf({ name: writeName({ commonName: payloadOf("certificate.der"), organization: payloadOf("certificate.der") }) }).certificate
  const certificate = { der: Buffer.from(der), fingerprint: createHash("sha256").update(der).digest("hex") }
  return { people, certificate, envelopeId, planted: await plant({ database, people, envelopeId, certificate }) }
}

async function letter({ system, logins, database }: ConsoleBrowser): Promise<number> {
  const [sender] = logins
  await database.query({ text: "INSERT INTO destination_pause (kind, pattern, paused_by, why) VALUES ('domain', 'khong-dau.example', 'test', 'x')" })
  const transport = createTransport({ host: "127.0.0.1", port: system.ports["submissions"] ?? 0, secure: true, auth: { user: sender?.address ?? "", pass: sender?.password ?? "" }, tls: { rejectUnauthorized: false } })
  await transport.sendMail({
    from: { name: payloadOf("message.sender"), address: sender?.address ?? "" }, to: ["van-thu@khong-dau.example", sender?.address ?? ""], subject: payloadOf("message.subject"), text: payloadOf("message.text"),
    attachments: [{ filename: payloadOf("message.attachment"), content: Buffer.from("x") }],
  })
  transport.close()
  const [sent] = await database.query<{ id: number }>({ text: "SELECT max(envelope_id) AS id FROM delivery WHERE recipient = 'van-thu@khong-dau.example'" })
  return sent?.id ?? 0
}

const refuseAll = `format: 1
rules:
  - id: all
    verdict: { reject: { status: "5.7.1", vi: "Không", en: "No" } }
`

/** Where each page is, with what was planted on it; a page that is not here fails the test. A string alone: why it is not opened. */
function addresses({ planted: { ids }, people, envelopeId, certificate }: World): Readonly<Record<string, readonly string[] | string>> {
  const [p, a, g, u] = [payloadOf("principal.id"), payloadOf("account.address"), payloadOf("mail_group.address"), payloadOf("organization_unit.code")].map(encodeURIComponent)
  const person = encodeURIComponent(people[2]?.principalId ?? "")
  const account = encodeURIComponent(people[2]?.address ?? "")
  const file = "a file that is saved, not shown"
  const events = "a stream that pages listen to"
  const run = "the state of work that is shown where it was begun"
  return {
    "/": ["/"], "/sign-in": ["/sign-in"], "/second-factor": ["/second-factor"], "/api": ["/api"], "/api/:operation": ["/api/getQueue"],
    "/me": ["/me"], "/me/accesses": ["/me/accesses"], "/me/app-passwords": ["/me/app-passwords"], "/me/approvals": ["/me/approvals"], "/me/approvals/:id": [`/me/approvals/${envelopeId}?content=1`], "/me/certificates": ["/me/certificates"],
    "/me/delegates": ["/me/delegates", `/me/delegates?account=${a}`], "/me/delegates/suggest/:account": [`/me/delegates/suggest/${a}?principalId=x7q`], "/me/forwarding": ["/me/forwarding"], "/me/password": ["/me/password"],
    "/me/security": ["/me/security"], "/me/security/authenticator": ["/me/security/authenticator"], "/me/security/passkey": ["/me/security/passkey"], "/me/sessions": ["/me/sessions"], "/me/set-up": ["/me/set-up", `/me/set-up?account=${a}`],
    "/held": ["/held"], "/held/:id": [`/held/${envelopeId}?content=1`, `/held/${envelopeId + 1}`], "/held/decided": ["/held/decided"], "/overview": ["/overview"], "/overview/live": events,
    "/certificates": ["/certificates?text=x7q", "/certificates"], "/certificates/:fingerprint": [`/certificates/${certificate.fingerprint}`], "/certificates/new": ["/certificates/new"], "/connections": ["/connections"], "/bans": ["/bans"],
    "/directory": ["/directory", `/directory?unit=${u}`], "/directory/find": ["/directory/find?text=x7q"], "/directory/suggest/:kind": ["person", "principal", "account", "unit", "group", "member"].map((kind) => `/directory/suggest/${kind}?text=x7q&q=x7q`),
    "/directory/accounts/:address": [`/directory/accounts/${a}`, `/directory/accounts/${account}`], "/directory/accounts/:address/change": [`/directory/accounts/${a}/change`], "/directory/accounts/:address/hand-over": [`/directory/accounts/${a}/hand-over?to=${p}`],
    "/directory/groups/:address": [`/directory/groups/${g}`], "/directory/groups/:address/change": [`/directory/groups/${g}/change`], "/directory/people/:id": [`/directory/people/${p}`, `/directory/people/${person}`], "/directory/people/:id/change": [`/directory/people/${p}/change`],
    "/directory/people/:id/leave": [`/directory/people/${p}/leave`], "/directory/people/:id/move": [`/directory/people/${p}/move?unitCode=${u}`, `/directory/people/${person}/move?unitCode=SNV.TTRA`], "/directory/units/:code": [`/directory/units/${u}`, "/directory/units/SNV.VP"],
    "/directory/units/:code/change": [`/directory/units/${u}/change`], "/directory/rule-preview": [`/directory/rule-preview?unitCode=${u}&addressRule=${u}`, `/directory/rule-preview?unitCode=SNV.VP&addressRule=${encodeURIComponent("{ten}@{domain}")}`],
    "/directory/new/account": [`/directory/new/account?unitCode=${u}`], "/directory/new/group": [`/directory/new/group?unitCode=${u}`], "/directory/new/person": [`/directory/new/person?unitCode=${u}`], "/directory/new/unit": [`/directory/new/unit?unitCode=${u}&parentCode=${u}`],
    "/directory/bulk": ["/directory/bulk"], "/directory/bulk/:id": [`/directory/bulk/${ids.bulk}`, `/directory/bulk/${ids.bulk}?show=all`], "/directory/bulk/:id/progress": events, "/directory/bulk/template": file,
    "/second-factors": ["/second-factors?q=x7q"], "/queue": ["/queue", "/queue?state=held", "/queue?recipient=x7q"], "/queue/:id": [`/queue/${ids.delivery}`], "/queue/destinations": ["/queue/destinations"], "/queues": ["/queues"],
    "/trace": [`/trace?what=${envelopeId}`, `/trace?what=${encodeURIComponent(payloadOf("envelope.message_id"))}`],
    "/audit": ["/audit"], "/audit/chain": ["/audit/chain"], "/audit/export": file, "/audit/chain/:id": run, "/audit/chain/:id/state": run, "/policies": ["/policies"], "/policies/:version": ["/policies/999", "/policies/999?against=1"],
    "/policies/edit": ["/policies/edit?version=999"], "/policies/explain": ["/policies/explain"], "/policies/replay/:id": run, "/policies/replay/:id/state": run,
    "/reports/dmarc": ["/reports/dmarc"], "/reports/dmarc/:id": [`/reports/dmarc/${ids.dmarc}`, `/reports/dmarc/${ids.ownDmarc}`], "/reports/dmarc/sent": ["/reports/dmarc/sent"],
    "/reports/tls": ["/reports/tls"], "/reports/tls/:id": [`/reports/tls/${ids.tls}`, `/reports/tls/${ids.ownTls}`], "/reports/tls/sent": ["/reports/tls/sent"],
    "/reports/monthly": ["/reports/monthly", `/reports/monthly?unit=SNV`, `/reports/monthly?unit=SNV.VP`], "/reports/monthly/file": file,
    "/webhooks": ["/webhooks"], "/webhooks/new": ["/webhooks/new"], "/webhooks/:id": [`/webhooks/${ids.webhook}`, `/webhooks/${ids.ofToken}`], "/webhooks/:id/edit": [`/webhooks/${ids.webhook}/edit`],
  }
}

export function scriptCases(at: () => ConsoleBrowser): void {
  let world: World
  const seen = new Set<string>()
  beforeAll(async () => {
    world = await prepare(at())
  })

  /** A window of somebody who is signed in already, with a session that has a payload for its browser's name. */
  async function signedIn({ accountId, principalId }: Person, language: "vi" | "en"): Promise<BrowserContext> {
    const { window, database, url } = at()
    const token = randomBytes(32).toString("base64url")
    await database.query({
      text: "INSERT INTO console_session (sha256, account_id, principal_id, client_address, user_agent, second_factor) VALUES ($1, $2, $3, $4, $5, 'passed')",
    }, [createHash("sha256").update(token).digest(), accountId, principalId, payloadOf("console_session.client_address"), payloadOf("console_session.user_agent")])
    const context = await window({ language })
    await context.addCookies([{ name: "__Host-congthu", value: token, url, secure: true, httpOnly: true, sameSite: "Lax" }])
    await context.addInitScript(watcher)
    return context
  }

  test("every column that holds text is planted, or there is a reason why not", async () => {
    const { database } = at()
    const columns = await database.query<{ name: string }>({
      text: `SELECT c.table_name || '.' || c.column_name AS name FROM information_schema.columns c JOIN information_schema.tables t USING (table_schema, table_name)
        WHERE c.table_schema = 'public' AND t.table_type = 'BASE TABLE' AND (c.data_type IN ('text', 'character varying', 'json', 'jsonb') OR c.udt_name = '_text')
          -- the database takes nothing but a few words, or what stands in another table
          AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conrelid = c.table_name::regclass AND (SELECT a.attnum FROM pg_attribute a WHERE a.attrelid = k.conrelid AND a.attname = c.column_name) = ANY (k.conkey)
            AND (k.contype = 'f' OR (k.contype = 'c' AND (pg_get_constraintdef(k.oid) ~ ('\\(' || c.column_name || ' (= ANY|<@) \\(?ARRAY\\[') OR pg_get_constraintdef(k.oid) ~ ('\\(' || c.column_name || ' ~ ''\\^\\[0-9a-f\\]')))))
        ORDER BY 1`,
    })
    const listed = [...Object.values(notShown).flat(), ...world.planted.columns, "console_session.client_address", "console_session.user_agent"]
    expect(columns.map(({ name }) => name).filter((name) => !listed.includes(name)), "plant it (plant.ts), or say why it is on no page (columns.ts)").toEqual([])
    expect(Object.values(notShown).flat().filter((name) => !columns.some((column) => column.name === name) || world.planted.columns.includes(name)), "listed for nothing").toEqual([])
  })

  test("every page has an address here", () => {
    const pages = new Set(Object.values(routesByRole).flat().filter((route) => route.startsWith("get ")).map((route) => route.slice(4)))
    expect(Object.keys(addresses(world)).toSorted()).toEqual([...pages].toSorted())
  })

  test.each([0, 1, 2].flatMap((who) => (["vi", "en"] as const).map((language) => ({ who, language, role: "puh"[who] ?? "", name: ["the province's administrator", "a department's", "a holder"][who] }))))("no page runs or takes in anything of it, for $name, in $language", { timeout: 300_000 }, async ({ who, language, role }) => {
    const { url } = at()
    const person = world.people[who]
    if (!person) throw new Error("there is nobody")
    const context = await signedIn(person, language)
    const page = await context.newPage()
    const faults: string[] = []
    page.on("dialog", (dialog) => {
      faults.push(`a dialog at ${page.url()}: ${dialog.message()}`)
      void dialog.dismiss()
    })
    page.on("pageerror", (error) => faults.push(`${page.url()}: ${error.message}`))
    // the directory is read again a moment after it was changed
    await expect.poll(async () => { await page.goto(`${url}/console/me`); return (await look(page)).seen.includes("account.display_name") || (await look(page)).seen.includes("principal.name") }, { timeout: 30_000 }).toBe(true)
    for (const path of Object.entries(addresses(world)).flatMap(([route, paths]) => (typeof paths === "string" || !opens(role, route) ? [] : paths))) {
      const answer = await page.goto(`${url}/console${path}`)
      const status = answer?.status() ?? 0
      // not there for this person; a question that cannot be answered
      if (status >= 500 && status !== 503) faults.push(`${status} at ${path}`)
      const found = await look(page)
      for (const place of found.seen) seen.add(place)
      for (const strange of found.strange) faults.push(`${path}: ${strange}`)
    }
    expect(faults).toEqual([])
    await context.close()
  })

  test("nor do pages about what is uploaded or typed: a certificate, a table, a policy and what it would have decided, a message", async () => {
    const { url, database } = at()
    const [person] = world.people
    if (!person) throw new Error("there is nobody")
    const context = await signedIn(person, "vi")
    const page = await context.newPage()
    const faults: string[] = []
    const sent = async (): Promise<void> => {
      const answer = page.waitForResponse((response) => response.request().method() === "POST")
      await page.click("main form:not(.language) button:not([type=button])")
      await (await answer).finished()
      await page.waitForLoadState()
      const found = await look(page)
      for (const place of found.seen) seen.add(place)
      faults.push(...found.strange)
    }
    await page.goto(`${url}/console/certificates/new`)
    await page.setInputFiles("input[type=file]", { name: "chung-thu.cer", mimeType: "application/octet-stream", buffer: world.certificate.der })
    await sent()
    await page.goto(`${url}/console/directory/bulk`)
    const cell = `"${payloadOf("upload.table").replaceAll('"', '""')}"`
    await page.setInputFiles("input[type=file]", { name: "bang.csv", mimeType: "text/csv", buffer: Buffer.from(`Họ tên,Đơn vị,Chức vụ\r\n${cell},${cell},${cell}\r\n`) })
    await sent()
    await page.goto(`${url}/console/policies/explain`)
    await page.setInputFiles("input[type=file]", { name: "thu.eml", mimeType: "message/rfc822", buffer: Buffer.from(`From: ${person.address}\r\nSubject: ${payloadOf("upload.message")}\r\n\r\nx\r\n`) })
    await page.fill("#from", payloadOf("upload.message"))
    await page.fill("#to", "a@xa.example")
    await sent()
    await page.goto(`${url}/console/policies/edit`)
    await page.fill("#yaml", `version: 1\n${JSON.stringify(payloadOf("upload.policy"))}: x\n`)
    await sent()
    // every decision of the past becomes another: each is shown with its message
    await database.query({ text: "UPDATE policy_decision SET message_id = $1, reverse_path = $2" }, [payloadOf("policy_decision.message_id"), payloadOf("policy_decision.reverse_path")])
    await page.fill("#yaml", refuseAll)
    await sent()
    await page.click('form[action$="/replay"] button')
    // not while it is under way, which is told by a status, too
    await page.waitForSelector("#run:not([hx-get])")
    const found = await look(page)
    for (const place of found.seen) seen.add(place)
    faults.push(...found.strange)
    expect(faults).toEqual([])
    await context.close()
  })

  test("what got through would be noticed", async () => {
    const { url } = at()
    const context = await signedIn(world.people[0] ?? { accountId: 0, principalId: "", address: "" }, "vi")
    const page = await context.newPage()
    await page.route("**/console/me", (route) => route.fulfill({ contentType: "text/html; charset=utf-8", body: `<!doctype html><title>.</title><p title="${payloadOf("through.attribute")}">.</p><p>${payloadOf("through.text")}</p>` }))
    await page.goto(`${url}/console/me`)
    await page.waitForFunction("globalThis.x7qNoticed.length > 3")
    const { seen: asText, strange } = await look(page)
    expect([asText, strange.includes("a script ran"), strange.some((what) => what.startsWith("<img")), strange.some((what) => what.startsWith("<svg"))]).toEqual([[], true, true, true])
    await context.close()
  })

  test("and all of it was to be seen, as text", () => {
    const places = [...world.planted.columns, ...inside, "console_session.client_address", "console_session.user_agent"].map((place) => place.toLowerCase())
    expect(places.filter((place) => !seen.has(place))).toEqual([])
  })
}

/** What is refused to everybody of a role has been seen to be refused (routes.test.ts), and shows nothing. */
const opens = (role: string, route: string): boolean => Object.entries(routesByRole).some(([roles, routes]) => roles.includes(role) && routes.includes(`get ${route}`))

const look = async (page: Page): Promise<Found> => (await page.evaluate(lookForPayloads)) as Found
