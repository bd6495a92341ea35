import { z } from "zod"
import type { ConsoleSessionStore } from "../../../store/console-session-store.ts"
import { selfText } from "../../text/self.ts"
import { html } from "../../web/html.ts"
import { type Area, holderPage } from "../../web/page.ts"
import { sessionPages } from "./sessions.ts"

/** What every holder does for himself. */
export interface SelfPorts {
  readonly sessions: Pick<ConsoleSessionStore, "list" | "end">
}

export const selfArea = (ports: SelfPorts): Area => ({
  name: selfText.area,
  menu: [
    { path: "/me", label: selfText.me, who: "holder" },
    { path: "/me/sessions", label: selfText.sessions, who: "holder" },
  ],
  pages: [
    holderPage({
      method: "get", path: "/me", input: z.object({}),
      run: async (_input, { say, holder }) => ({ kind: "page", title: holder.name, body: html`<p>${say(selfText.signedInAs)} <strong>${holder.address}</strong>.</p>` }),
    }),
    ...sessionPages(ports),
  ],
})
