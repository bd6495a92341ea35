import type { Authenticator } from "../../../accounts/login.ts"
import type { CredentialStore } from "../../../accounts/credential.ts"
import type { DirectorySource } from "../../../accounts/directory.ts"
import type { ForwardingRules } from "../../../accounts/forwarding.ts"
import type { PasswordWork } from "../../../accounts/password-work.ts"
import type { Clock } from "../../../base/clock.ts"
import type { AuditStore } from "../../../store/audit-store.ts"
import type { CertificateRegistry } from "../../../store/certificate-registry.ts"
import type { ConsoleSessionStore } from "../../../store/console-session-store.ts"
import type { DirectoryEditor } from "../../../store/directory-editor.ts"
import type { DirectoryView } from "../../../store/directory-view.ts"
import type { ForwardingStore } from "../../../store/forwarding-store.ts"
import type { ClientSettings } from "../../client-setup/client-settings.ts"
import { accessText, certificatesText, forwardingText, setUpText } from "../../text/holder.ts"
import { delegatesText } from "../../text/delegates.ts"
import { heldText } from "../../text/held.ts"
import { securityText } from "../../text/security.ts"
import { selfText } from "../../text/self.ts"
import type { Area } from "../../web/page.ts"
import { accessPages } from "./accesses.ts"
import { appPasswordPages } from "./app-passwords.ts"
import { certificatePages } from "./certificates.ts"
import { delegatePages } from "./delegates.ts"
import { forwardingPages } from "./forwarding.ts"
import { passwordPages } from "./password.ts"
import { sessionPages } from "./sessions.ts"
import { setUpPages } from "./set-up.ts"
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
  readonly registry: Pick<CertificateRegistry, "list">
  readonly accesses: AuditStore["accessesOf"]
  readonly client: ClientSettings
  /** As `auth.mailPassword`. */
  readonly mailPassword: "withoutSecondFactor" | "always"
  readonly forwarding: {
    readonly store: ForwardingStore
    readonly rules: ForwardingRules
    /** Tells every process, this one first, that the directory has a new version. */
    readonly changed: (version: number) => Promise<void>
  }
  readonly delegation: {
    readonly view: Pick<DirectoryView, "account" | "find">
    readonly editor: DirectoryEditor
    readonly changed: () => Promise<void>
  }
  readonly clock: Clock
}

export const selfArea = (ports: SelfPorts): Area => ({
  group: "me",
  menu: [
    { path: "/me", label: selfText.me, who: "holder" },
    { path: "/me/set-up", label: setUpText.title, who: "holder" },
    { path: "/me/app-passwords", label: selfText.apps, who: "holder" },
    { path: "/me/password", label: selfText.password, who: "holder" },
    { path: "/me/security", label: securityText.title, who: "holder" },
    { path: "/me/sessions", label: selfText.sessions, who: "holder" },
    { path: "/me/accesses", label: accessText.title, who: "holder" },
    { path: "/me/forwarding", label: forwardingText.title, who: "holder" },
    { path: "/me/delegates", label: delegatesText.title, who: "holder" },
    { path: "/me/approvals", label: heldText.approvals, who: "holder" },
    { path: "/me/certificates", label: certificatesText.title, who: "holder" },
  ],
  pages: [...summaryPages(ports), ...appPasswordPages(ports), ...passwordPages(ports), ...sessionPages(ports), ...setUpPages(ports), ...accessPages(ports), ...forwardingPages(ports), ...delegatePages(ports), ...certificatePages(ports)],
})
