import { z } from "zod"
import type { ApiScope, ApiTokenHolder } from "../accounts/api-token.ts"
import type { Run, RunControl, Runs } from "../base/runs.ts"
import { shownTime } from "./fields.ts"
import { type Answer, answered, refused, type Route, route } from "./route.ts"
import { runText } from "./text/problem.ts"
import { tokenName } from "./token-scope.ts"

/** Work that goes on behind a request: begun by a route of its own, looked at and ended by those here. */
export interface RunRoutesOptions<Result> {
  /** Below `/api/v1`, of all such work. */
  readonly path: string
  readonly scope: ApiScope
  /** What one finds there, when it is done. */
  readonly summary: string
  readonly runs: Runs<Result>
  readonly output: z.ZodType
  /** Its result as it is told. */
  readonly shown: (result: Result) => unknown
}

export interface RunRoutes<Result> {
  begin(caller: ApiTokenHolder, work: (control: RunControl) => Promise<Result>): Answer
  readonly routes: readonly Route[]
}

const input = z.strictObject({ id: z.uuid() })

export function createRunRoutes<Result>({ path, scope, summary, runs, output, shown }: RunRoutesOptions<Result>): RunRoutes<Result> {
  const body = ({ id, by, startedAt, done, total, state }: Run<Result>) => ({ id, by, startedAt: shownTime(startedAt), done, total, state: state.kind, result: state.kind === "done" ? shown(state.result) : null })
  const found = (id: string): Answer => {
    const run = runs.find(id)
    return run ? answered(body(run)) : refused({ kind: "notFound" })
  }
  return {
    begin(caller, work) {
      const run = runs.start(tokenName(caller), work)
      return run ? { kind: "accepted", location: `/api/v1${path}/${run.id}`, body: body(run) } : refused({ kind: "conflict", detail: runText.busy })
    },
    routes: [
      route({ method: "get", path: `${path}/:id`, scope, summary, input, output, run: async ({ id }) => found(id) }),
      route({
        method: "delete", path: `${path}/:id`, scope, summary: "Ends it.", input, output,
        async run({ id }) {
          runs.cancel(id)
          return found(id)
        },
      }),
    ],
  }
}
