import { expect, test } from "vitest"
import { createReceivedDmarcStore } from "../../../../src/store/sql/received-dmarc-reports.ts"
import { createReceivedTlsStore } from "../../../../src/store/sql/received-tls-reports.ts"
import { aggregateReport } from "../../../support/aggregate-report.ts"
import { acceptMessage } from "../../../support/console-mail.ts"
import { openConsoleWorld } from "../../../support/console-world.ts"

const script = "<script>alert(1)</script>"

test("what others report of our domains is shown to the province, as text; units have no part in it", async () => {
  const world = await openConsoleWorld()
  await world.administer("an@a.example", "auditor")
  await world.administer("binh@b.example", "unit", "B")
  const mail = async () => ({ envelopeId: (await acceptMessage(world, { to: ["an@a.example"], reportMail: true })).envelopeId, receivedAt: world.clock.ms, submitter: "xa.example" })
  await createReceivedDmarcStore(world.database).add({ ...aggregateReport(), orgName: script, begin: Math.floor(world.clock.ms / 1000) - 86_400, end: Math.floor(world.clock.ms / 1000) }, await mail())
  const failure = { resultType: "certificate-expired", sendingIp: "192.0.2.1", mxHost: script, helo: "", receivingIp: "", sessions: 7, reasonCode: "", information: "" }
  const policy = { domain: "tinh.example", policyType: "sts", policyString: [], mxHosts: [], successful: 900, failed: 7, failures: [failure], leftOut: 0 }
  await createReceivedTlsStore(world.database).add({ organization: script, contact: "", reportId: "1", beginsAt: world.clock.ms - 86_400_000, endsAt: world.clock.ms, policies: [policy] }, await mail())
  const cookie = await world.signIn("an@a.example")
  for (const [path, words] of [["tls", "certificate-expired × 7"], ["dmarc", "2001:db8::7"]] as const) {
    const { body } = await world.ask(`/console/reports/${path}`, { cookie })
    expect(body).toContain(words)
    expect(body).toContain("&lt;script>")
    expect(body).not.toContain("<script>alert")
    expect((await world.ask(`/console/reports/${path}?domain=khac.example`, { cookie })).body).not.toContain(words)
    expect((await world.ask(`/console/reports/${path}?domain=a+b`, { cookie })).status).toBe(422)
  }
  const unit = await world.signIn("binh@b.example")
  for (const path of ["tls", "dmarc"]) expect((await world.ask(`/console/reports/${path}`, { cookie: unit })).status).toBe(403)
  expect((await world.ask("/console/me", { cookie: unit })).body).not.toContain("/console/reports/")
  await world.close()
})
