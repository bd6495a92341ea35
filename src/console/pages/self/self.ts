import type { Authenticator } from "../../../accounts/login.ts"
import type { CredentialStore } from "../../../accounts/credential.ts"
import type { DirectorySource } from "../../../accounts/directory.ts"
import type { PasswordWork } from "../../../accounts/password-work.ts"
import type { Clock } from "../../../base/clock.ts"
import type { ConsoleSessionStore } from "../../../store/console-session-store.ts"
import { selfText } from "../../text/self.ts"
import type { Area } from "../../web/page.ts"
import { appPasswordPages } from "./app-passwords.ts"
import { passwordPages } from "./password.ts"
import { sessionPages } from "./sessions.ts"
import { summaryPages } from "./summary.ts"

/** What every holder does for himself. */
export interface SelfPorts {
  readonly sessions: Pick<ConsoleSessionStore, "list" | "end" | "prove">
  readonly directory: DirectorySource
  readonly credentials: Pick<CredentialStore, "list" | "setPassword" | "addAppPassword" | "revoke">
  readonly authenticator: Authenticator
  readonly passwords: Pick<PasswordWork, "hash">
  /** Key of app password hashes. */
  readonly appPasswordKey: Buffer
  /** Bytes in each account. */
  readonly usage: (accountIds: readonly number[]) => Promise<ReadonlyMap<number, number>>
  readonly clock: Clock
}

export const selfArea = (ports: SelfPorts): Area => ({
  name: selfText.area,
  menu: [
    { path: "/me", label: selfText.me, who: "holder" },
    { path: "/me/app-passwords", label: selfText.apps, who: "holder" },
    { path: "/me/password", label: selfText.password, who: "holder" },
    { path: "/me/sessions", label: selfText.sessions, who: "holder" },
  ],
  pages: [...summaryPages(ports), ...appPasswordPages(ports), ...passwordPages(ports), ...sessionPages(ports)],
})
