import { setTimeout as wait } from "node:timers/promises"
import { type BenchCase, type Figure, milliseconds, perSecond } from "../bench-case.ts"
import type { NotifyTarget } from "../notify-target.ts"
import { inParallel } from "../samples.ts"

/** Notifications of automated systems: how many small calls a second, and how long one large call takes. */
const calls = 3_000
const callers = 24

const openTarget = async (open: (() => Promise<NotifyTarget>) | undefined): Promise<NotifyTarget> => {
  if (!open) throw new Error("it sends no notifications")
  return open()
}

const accepted = ({ status, body }: Awaited<ReturnType<NotifyTarget["call"]>>): number => {
  if (status !== 202) throw new Error(`${status} ${JSON.stringify(body).slice(0, 300)}`)
  return Number(body["id"])
}

export const notifyCalls: BenchCase = {
  name: "notify-calls", title: `${calls} calls of the notification API, one recipient each, ${callers} at once: answered when durable`, engine: "redis", runs: 3,
  async run({ openNotifications }, meter) {
    const target = await openTarget(openNotifications)
    const took: number[] = []
    const ms = await meter.during(calls, () =>
      inParallel(calls, callers, async (index) => {
        const from = performance.now()
        accepted(await target.call("POST", "/notifications", JSON.stringify({ to: [target.addresses[index % target.addresses.length]], template: "result-ready", data: dossier(index) })))
        took.push(performance.now() - from)
      }))
    target.close()
    const sorted = took.toSorted((a, b) => a - b)
    return [perSecond("accepted", calls, ms), milliseconds("p50", sorted[Math.floor(calls * 0.5)] ?? 0), milliseconds("p99", sorted[Math.floor(calls * 0.99)] ?? 0)]
  },
}

export const notify10000: BenchCase = {
  name: "notify-10000", title: "One call with 10,000 recipients here: the same for all, then one of their own for each", engine: "redis", runs: 3,
  async run({ openNotifications }, meter) {
    const target = await openTarget(openNotifications)
    const figures: Figure[] = []
    await meter.during(2 * target.addresses.length, async () => {
      figures.push(...(await large(target, "same", { to: target.addresses, subject: "Thông báo nghỉ lễ", text: "Kính gửi quý cơ quan, đơn vị." })))
      figures.push(...(await large(target, "each", { to: target.addresses.map((address, index) => ({ address, data: { dossierNumber: `HS-${index}`, citizenName: `Người ${index}` } })), template: "result-ready", data: dossier(0) })))
    })
    target.close()
    return figures
  },
}

const dossier = (index: number) => ({ citizenName: "Nguyễn Thị Hoa", dossierNumber: `H30-${index}`, procedure: "Cấp giấy phép xây dựng", office: "Trung tâm Phục vụ hành chính công", place: "Quầy số 4" })

async function large(target: NotifyTarget, name: string, request: object): Promise<readonly Figure[]> {
  const body = JSON.stringify(request)
  const from = performance.now()
  const id = accepted(await target.call("POST", "/notifications", body))
  const acceptedMs = performance.now() - from
  for (;;) {
    const { delivered = 0, accepted: left = 1 } = (await target.call("GET", `/notifications/${id}`)).body["recipients"] as Record<string, number>
    if (left === 0) {
      if (delivered !== target.addresses.length) throw new Error(`${delivered} of ${target.addresses.length} were delivered`)
      return [milliseconds(`${name} accepted`, acceptedMs), milliseconds(`${name} delivered`, performance.now() - from)]
    }
    await wait(200)
  }
}
