import { z } from "zod"
import type { RunControl, Runs } from "../../base/runs.ts"
import type { AuditChain } from "../../store/audit-store.ts"
import type { Verified } from "../../store/audit/verify-chain.ts"
import { chainAnswer, verificationAnswer } from "../answers/audit.ts"
import { shownTime } from "../fields.ts"
import { answered, type Route, route } from "../route.ts"
import { createRunRoutes } from "../runs.ts"

/** How far the audit is sealed and signed, and its verification in the background, over HTTP. */
export interface AuditChainRoutesParts {
  readonly chain: Pick<AuditChain, "state">
  readonly verify: (control: RunControl) => Promise<Verified>
  readonly verifications: Runs<Verified>
}

export function auditChainRoutes({ chain, verify, verifications }: AuditChainRoutesParts): readonly Route[] {
  const runs = createRunRoutes({ path: "/audit/verifications", scope: "audit:read", summary: "How far it is, and then what it found; kept for an hour.", runs: verifications, output: verificationAnswer, shown })
  return [
    route({
      method: "get", path: "/audit/chain", scope: "audit:read", summary: "How far the audit is sealed and signed.", input: z.strictObject({}), output: chainAnswer,
      async run() {
        const { lagMs, position, headAt, headPosition } = await chain.state()
        return answered({ lagMs, position, headAt: shownTime(headAt), headPosition })
      },
    }),
    route({
      method: "post", path: "/audit/verifications", scope: "audit:read", summary: "Verifies the whole chain in the background; one at a time.", input: z.strictObject({}), output: verificationAnswer, success: 202,
      run: async (_input, caller) => runs.begin(caller, verify),
    }),
    ...runs.routes,
  ]
}

const shown = ({ checked, headsChecked, last, problems, badStamps }: Verified) => ({ checked, headsChecked, position: last.position, problems: problems.map(({ position, auditId, kind }) => ({ position, auditId, kind })), badStamps })
