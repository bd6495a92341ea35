import { afterAll, beforeAll, expect, test } from "vitest"
import { pem } from "../../../../src/pki/write-certificate.ts"
import { type ConsoleWorld, openConsoleWorld } from "../../../support/console-world.ts"
import { authorityOf, holderOf } from "../../../support/test-pki.ts"

const script = `<script>alert(1)</script>`

let world: ConsoleWorld
let province: string
let unit: string
let tokens: { readonly province: string; readonly unit: string }
const root = authorityOf({ name: "Root" })
beforeAll(async () => {
  world = await openConsoleWorld({ names: script })
  await world.administer("an@a.example", "province")
  await world.administer("binh@b.example", "unit", "B")
  province = await world.signIn("an@a.example")
  unit = await world.signIn("binh@b.example")
  tokens = { province: await world.csrf(province), unit: await world.csrf(unit) }
})
afterAll(() => world.close())

const post = (path: string, form: Readonly<Record<string, string>>, as: "province" | "unit" = "province") => world.ask(path, { cookie: as === "unit" ? unit : province, form: { _csrf: tokens[as], ...form } })
const get = (path: string, as: "province" | "unit" = "province") => world.ask(path, { cookie: as === "unit" ? unit : province })

async function register(subject: string, holder: string, as: "province" | "unit" = "province") {
  const { certificate } = holderOf({ name: subject, by: root })
  const read = await world.ask("/console/certificates/read", { cookie: as === "unit" ? unit : province, form: { _csrf: tokens[as] }, file: { field: "file", name: "an.pem", bytes: Buffer.from(pem("CERTIFICATE", certificate.der)) } })
  const der = /name="der" value="([^"]+)"/.exec(read.body)?.[1] ?? ""
  return { read, fingerprint: certificate.fingerprint, added: await post("/console/certificates/add", { der, holder, use: "personal", accounts: "", from: "", until: "" }, as) }
}
const stateOf = async (fingerprint: string): Promise<unknown> => (await world.database.query<{ state: string }>({ text: "SELECT state FROM certificate WHERE fingerprint = $1" }, [fingerprint]))[0]?.state

test("a file is read and shown, the certificate in it registered, suspended, bound, revoked for good; each with its audit entry", async () => {
  const { read, fingerprint, added } = await register(script, "P1")
  expect(read.body).toContain("&lt;script>")
  expect(read.body).not.toContain("<script>alert")
  expect(added.headers.location).toBe(`/console/certificates/${fingerprint}`)
  for (const path of ["/console/certificates", `/console/certificates?text=${fingerprint.slice(0, 12)}`, "/console/certificates?unit=A", `/console/certificates/${fingerprint}`]) {
    const { body } = await get(path)
    expect(body).toContain(fingerprint.slice(0, 16))
    expect(body).not.toContain("<script>alert")
  }
  expect((await get("/console/certificates?unit=B")).body).toContain("Không có chứng thư nào như vậy.")
  expect((await post(`/console/certificates/${fingerprint}/bind`, { accounts: "binh@b.example", from: "", until: "" })).body).toContain("không được ký thay binh@b.example")
  expect((await post(`/console/certificates/${fingerprint}/bind`, { accounts: "an@a.example", from: "2026-02-01", until: "2026-01-01" })).status).toBe(422)
  expect((await post(`/console/certificates/${fingerprint}/bind`, { accounts: "an@a.example", from: "2026-01-01", until: "" })).status).toBe(303)
  await post(`/console/certificates/${fingerprint}/suspend`, { why: "" })
  expect(await stateOf(fingerprint)).toBe("active")
  await post(`/console/certificates/${fingerprint}/suspend`, { why: "mất thẻ" })
  expect(await stateOf(fingerprint)).toBe("suspended")
  await post(`/console/certificates/${fingerprint}/revoke`, { why: "mất hẳn" })
  await post(`/console/certificates/${fingerprint}/reinstate`, { why: "" })
  expect(await stateOf(fingerprint)).toBe("revoked")
  const audit = await world.database.query<{ kind: string; by: string }>({ text: "SELECT kind, detail->>'by' AS by FROM audit WHERE kind LIKE 'certificate.%' AND detail->>'fingerprint' = $1 ORDER BY id" }, [fingerprint])
  expect(audit).toEqual(["added", "changed", "suspended", "revoked"].map((kind) => ({ kind: `certificate.${kind}`, by: "P1" })))
  expect((await register(script, "P1")).added.headers.location).not.toBe(`/console/certificates/${fingerprint}`)
})

test("what cannot be used is refused with the reason, a private key above all", async () => {
  const send = (bytes: Buffer) => world.ask("/console/certificates/read", { cookie: province, form: { _csrf: tokens.province }, file: { field: "file", name: "x.pem", bytes } })
  expect((await send(Buffer.from("-----BEGIN PRIVATE KEY-----\nMAA=\n-----END PRIVATE KEY-----\n"))).body).toContain("trong tệp có khóa bí mật")
  const none = await send(Buffer.from("không phải"))
  expect([none.status, none.body.includes("Không dùng được tệp này: trong tệp không có chứng thư nào.")]).toEqual([422, true])
  const damaged = await send(Buffer.from("300a02010102010203", "hex"))
  expect([damaged.status, /tệp hỏng hoặc không đúng dạng chứng thư\.[^]*<details class="technical">[^]*the file cannot be read/.test(damaged.body)]).toEqual([422, true])
  expect((await send(Buffer.alloc(1024 * 1024 + 1))).status).toBe(413)
  expect((await post("/console/certificates/add", { der: "AAAA", holder: "P1", use: "personal", accounts: "", from: "", until: "" })).status).toBe(422)
})

test("an administrator of a unit registers for its people, and neither sees nor changes those of others", async () => {
  const own = await register("Bình", "P2", "unit")
  expect(own.added.headers.location).toBe(`/console/certificates/${own.fingerprint}`)
  const foreign = await register("Lấn", "P1", "unit")
  expect(foreign.added.status).toBe(422)
  expect(await stateOf(foreign.fingerprint)).toBeUndefined()
  const theirs = await register("An", "P1")
  const { body } = await get("/console/certificates", "unit")
  expect(body).toContain(own.fingerprint.slice(0, 16))
  expect(body).not.toContain(theirs.fingerprint.slice(0, 16))
  expect((await get(`/console/certificates/${theirs.fingerprint}`, "unit")).status).toBe(404)
  for (const [path, form] of [["revoke", { why: "x" }], ["bind", { accounts: "", from: "", until: "" }]] as const) expect((await post(`/console/certificates/${theirs.fingerprint}/${path}`, form, "unit")).status).toBe(404)
  expect(await stateOf(theirs.fingerprint)).toBe("active")
})

test("an administrator of a unit neither binds a certificate to somebody who ranks above, nor takes his away", async () => {
  const theirs = await register("Bình", "P2")
  await world.database.query({ text: "INSERT INTO principal (id, kind, name, unit_code) VALUES ('P3', 'individual', 'Quản Trị Đơn Vị', 'B')" })
  await world.database.query({ text: "INSERT INTO account (address, kind, display_name, unit_code, quota_bytes) VALUES ('dv@b.example', 'personal', 'Quản Trị Đơn Vị', 'B', 1000)" })
  await world.database.query({ text: "INSERT INTO assignment (account_id, principal_id, rights) SELECT id, 'P3', ARRAY['owner'] FROM account WHERE address = 'dv@b.example'" })
  await world.refresh()
  await world.administer("dv@b.example", "auditor")
  const mine = await register("Lấn lướt", "P3", "unit")
  expect([mine.added.status, mine.added.body.includes("giữ vai trò quản trị cao hơn bạn")]).toEqual([422, true])
  expect(await stateOf(mine.fingerprint)).toBeUndefined()
  const auditors = await register("Kiểm tra", "P3")
  expect((await post(`/console/certificates/${auditors.fingerprint}/bind`, { accounts: "", from: "2026-01-01", until: "" }, "unit")).status).toBe(403)
  await post(`/console/certificates/${auditors.fingerprint}/revoke`, { why: "phá" }, "unit")
  expect(await stateOf(auditors.fingerprint)).toBe("active")
  await post(`/console/certificates/${theirs.fingerprint}/revoke`, { why: "mất" }, "unit")
  expect(await stateOf(theirs.fingerprint)).toBe("revoked")
})
