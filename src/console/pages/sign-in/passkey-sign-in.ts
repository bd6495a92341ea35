import { z } from "zod"
import { accountToOpen } from "../../../accounts/account-to-open.ts"
import { signInText } from "../../text/sign-in.ts"
import { type Answer, type Page, publicPage, type Visit } from "../../web/page.ts"
import { openSession } from "./open-session.ts"
import type { Shown, SignInPorts } from "./sign-in.ts"

/** In by a passkey alone: the device has verified its user, so it is two factors in one. */
export const passkeySignInPages = ({ factors: { passkeys }, sessions, directory, clock }: SignInPorts, signInPage: (visit: Visit, shown: Shown) => Promise<Answer>): readonly Page[] => [
  publicPage({
    method: "post", path: "/sign-in/passkey", input: z.object({ next: z.string().max(2_000).optional(), _passkey: z.string().max(20_000) }),
    async run({ next, _passkey }, visit) {
      const found = await passkeys.signIn(_passkey, visit.clientAddress)
      const owner = found.ok ? accountToOpen(directory.current(), found.value, clock.now()) : undefined
      if (!owner) return signInPage(visit, { next, error: visit.say(signInText.passkeyRefused), status: 422 })
      return openSession(sessions, visit, { owner, next, openedBy: "passkey", secondFactor: "passed" })
    },
  }),
]
