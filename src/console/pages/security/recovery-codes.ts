import { z } from "zod"
import { holderPage, type Page } from "../../web/page.ts"
import { codesPage } from "./added.ts"
import { securityPath } from "./factors.ts"
import type { SecurityPorts } from "./security.ts"

/** New recovery codes; the old ones end. */
export const recoveryPages = ({ factors: { store, codes } }: SecurityPorts): readonly Page[] => [
  holderPage({
    method: "post", path: "/me/security/recovery-codes", fresh: true, input: z.object({}),
    async run(_input, visit) {
      // nothing to recover from
      if ((await store.list(visit.holder)).factors.length === 0) return { kind: "redirect", to: securityPath }
      return codesPage(visit, await codes.newRecoveryCodes(visit.holder))
    },
  }),
]
