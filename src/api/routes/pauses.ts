import { z } from "zod"
import type { PauseStore } from "../../store/pause-store.ts"
import { pauseAnswer, pausesAnswer, resumedAnswer } from "../answers/queue.ts"
import { destination, id, time, why } from "../fields.ts"
import { answered, created, refused, type Route, route } from "../route.ts"
import { shownPause } from "../shown.ts"
import { tokenName } from "../token-scope.ts"

/** Pauses of destinations over HTTP. */
export const pauseRoutes = ({ pauses }: { readonly pauses: PauseStore }): readonly Route[] => [
  route({
    method: "get", path: "/queue/pauses", scope: "queue:read", summary: "Destinations to which nothing is sent now.", input: z.strictObject({}), output: pausesAnswer,
    run: async () => answered({ pauses: (await pauses.list()).map(shownPause) }),
  }),
  route({
    method: "post", path: "/queue/pauses", scope: "queue:write", summary: "Send nothing to a destination until a time, or until it is resumed; changes the pause that is in force.",
    input: z.strictObject({ kind: z.enum(["domain", "host"]).default("domain"), destination, until: time.nullable().default(null), why: why.min(1) }), output: pauseAnswer, success: 201,
    run: async ({ kind, destination: pattern, until, why }, caller) => created(shownPause(await pauses.pause({ kind, pattern, until }, { by: tokenName(caller), why }))),
  }),
  route({
    method: "delete", path: "/queue/pauses/:id", scope: "queue:write", summary: "End a pause; what waits for it goes on at once.", input: z.strictObject({ id, why: why.default("") }), output: resumedAnswer,
    async run({ id, why }, caller) {
      const resumed = await pauses.resume(id, { by: tokenName(caller), why })
      return resumed.ok ? answered({ resumed: resumed.value }) : refused({ kind: "notFound" })
    },
  }),
]
