import { expect, test } from "vitest"
import { dnsUnavailable, startDns } from "./dns-world.ts"

/** A slip in a zone must end a test with the line that is wrong, not hang it. */
test.skipIf(dnsUnavailable())("a zone that cannot be read is told with its line, at the start and later", async () => {
  await expect(startDns({ unsigned: { "tot.example": "@ MX 10 mx", "sai.example": "@ MX 10 mx\nmx A 192.0.2.300" } })).rejects.toThrow(/sai\.example.*line 7/s)
  const dns = await startDns({ unsigned: { "tot.example": "@ MX 10 mx" } })
  await expect(dns.setZone("tot.example", "@ MX mx")).rejects.toThrow(/tot\.example.*line 6/s)
  // the zone before it is still served
  expect(await dns.resolver().resolve("tot.example", "MX")).toMatchObject({ kind: "records" })
  await dns.stop()
})
