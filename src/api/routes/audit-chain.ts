import { z } from "zod"
import type { RunControl, Runs } from "../../base/runs.ts"
import type { AuditChain } from "../../store/audit-store.ts"
import type { Verified } from "../../store/audit/verify-chain.ts"
import { chainAnswer, verificationAnswer } from "../answers/audit.ts"
import { shownTime } from "../fields.ts"
import { answered, refused, type Route, route } from "../route.ts"
import { shownRun } from "../runs.ts"
import { runText } from "../text/problem.ts"
import { tokenName } from "../token-scope.ts"

/** How far the audit is sealed and signed, and its verification in the background, over HTTP. */
export interface AuditChainRoutesParts {
  readonly chain: Pick<AuditChain, "state">
  readonly verify: (control: RunControl) => Promise<Verified>
  readonly verifications: Runs<Verified>
}

const runId = z.strictObject({ id: z.uuid() })

export const auditChainRoutes = ({ chain, verify, verifications }: AuditChainRoutesParts): readonly Route[] => [
  route({
    method: "get", path: "/audit/chain", scope: "audit:read", summary: "How far the audit is sealed and signed.", input: z.strictObject({}), output: chainAnswer,
    async run() {
      const { lagMs, position, headAt, headPosition } = await chain.state()
      return answered({ lagMs, position, headAt: shownTime(headAt), headPosition })
    },
  }),
  route({
    method: "post", path: "/audit/verifications", scope: "audit:read", summary: "Verifies the whole chain in the background; one at a time.", input: z.strictObject({}), output: verificationAnswer, success: 202,
    async run(_input, caller) {
      const run = verifications.start(tokenName(caller), verify)
      return run ? { kind: "accepted", location: `/api/v1/audit/verifications/${run.id}`, body: shownRun(run, shown) } : refused({ kind: "conflict", detail: runText.busy })
    },
  }),
  route({
    method: "get", path: "/audit/verifications/:id", scope: "audit:read", summary: "How far it is, and then what it found; kept for an hour.", input: runId, output: verificationAnswer,
    async run({ id }) {
      const run = verifications.find(id)
      return run ? answered(shownRun(run, shown)) : refused({ kind: "notFound" })
    },
  }),
  route({
    method: "delete", path: "/audit/verifications/:id", scope: "audit:read", summary: "Ends it.", input: runId, output: verificationAnswer,
    async run({ id }) {
      verifications.cancel(id)
      const run = verifications.find(id)
      return run ? answered(shownRun(run, shown)) : refused({ kind: "notFound" })
    },
  }),
]

const shown = ({ checked, headsChecked, last, problems, badStamps }: Verified) => ({ checked, headsChecked, position: last.position, problems: problems.map(({ position, auditId, kind }) => ({ position, auditId, kind })), badStamps })
