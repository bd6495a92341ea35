import { z } from "zod"
import type { LiveState } from "../../telemetry/live-feed.ts"
import type { MailOverview } from "../../telemetry/mail-overview.ts"
import { liveAnswer, overviewAnswer } from "../answers/operation.ts"
import { shownTime } from "../fields.ts"
import { answered, refused, type Route, route } from "../route.ts"
import { scopeOfToken } from "../token-scope.ts"
import { watched } from "../watched.ts"

/** The dashboard's figures over HTTP. What belongs to no unit is for tokens of the whole province. */
export const overviewRoutes = ({ overview }: { readonly overview: MailOverview }): readonly Route[] => [
  route({
    method: "get", path: "/overview", scope: "overview:read", summary: "Accounts, holders, storage, certificates; of the whole province also mail, queue and processes now, and mail by days and weeks.", input: z.strictObject({}), output: overviewAnswer,
    async run(_input, caller) {
      const units = await overview.units(scopeOfToken(caller, "overview:read"))
      if (caller.unitCode !== null) return answered({ units, province: null })
      const state = await overview.live.now()
      return answered({ units, province: { licences: overview.licences, live: shown(state), ...(await overview.history(state.figures.today)) } })
    },
  }),
  route({
    method: "get", path: "/overview/events", scope: "overview:read", provinceOnly: true, summary: "What moves, as server-sent events: `figures`, every few seconds.", input: z.strictObject({}), output: liveAnswer, success: "events",
    async run() {
      const states = watched<LiveState>((told) => overview.live.watch(told))
      if (!states) return refused({ kind: "tooMany", waitSeconds: 5 })
      return {
        kind: "events",
        async *events(signal) {
          for await (const state of states(signal)) yield { event: "figures", data: shown(state) }
        },
      }
    },
  }),
]

const shown = ({ at, figures: { today, queue, failedSignIns, storage }, roles }: LiveState) => ({
  at: shownTime(at), today, queue, failedSignIns, storage,
  roles: roles.map(({ role, ok, since, checks }) => ({ role, ok, since: since === 0 ? null : shownTime(since), checks: checks.map(({ name, ok: good, detail, warning = false }) => ({ name, ok: good, detail, warning })) })),
})
