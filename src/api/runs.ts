import type { Run } from "../base/runs.ts"
import { shownTime } from "./fields.ts"

/** Work that goes on behind a request, as it is told. `shown`: its result. */
export const shownRun = <Result>({ id, by, startedAt, done, total, state }: Run<Result>, shown: (result: Result) => unknown) => ({
  id, by, startedAt: shownTime(startedAt), done, total, state: state.kind, result: state.kind === "done" ? shown(state.result) : null,
})
