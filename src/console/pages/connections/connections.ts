import type { LockoutDesk } from "../../../accounts/lockouts.ts"
import type { OutboundStore } from "../../../store/outbound-store.ts"
import type { SessionDesk } from "../../../store/presence.ts"
import { connectionText } from "../../text/connections.ts"
import type { Area } from "../../web/page.ts"
import { banPages } from "./bans.ts"
import { sessionListPages } from "./sessions.ts"

/** Who is connected, and who must wait. */
export interface ConnectionPorts {
  readonly sessions: SessionDesk
  readonly lockouts: LockoutDesk
  readonly outbound: Pick<OutboundStore, "heldAccounts" | "clear">
}

export const connectionArea = (ports: ConnectionPorts): Area => ({
  group: "watch",
  menu: [
    { path: "/connections", label: connectionText.title, who: "sessions:read" },
    { path: "/bans", label: connectionText.bansTitle, who: "queue:read" },
  ],
  pages: [...sessionListPages(ports), ...banPages(ports)],
})
