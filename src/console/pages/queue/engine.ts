import { z } from "zod"
import { engineText as text, queueText } from "../../text/queue.ts"
import { facts } from "../../web/facts.ts"
import { html } from "../../web/html.ts"
import { type Page, provincePage } from "../../web/page.ts"
import type { QueuePorts } from "./queue.ts"

/** The queues' engine in words, and the way to its board. */
export const boardPath = "/queues/board"

const names = { redis: "Redis", postgres: "PostgreSQL" } as const

export const enginePages = ({ engine }: QueuePorts): readonly Page[] => [
  provincePage({
    method: "get", path: "/queues", who: "queue:read", input: z.object({}),
    async run(_input, { say }) {
      const problem = await engine.problem()
      return {
        kind: "page",
        title: say(text.title),
        crumbs: [{ path: "/console/queue", title: say(queueText.title) }],
        body: html`<p>${say(text.intro)}</p>
          ${facts([
            [say(text.engine), names[engine.kind]],
            [say(text.state), problem === undefined ? html`<span class="good">${say(text.reached)}</span>` : html`<span class="bad">${say(text.away, { why: problem })}</span>`],
          ])}
          ${problem === undefined
            ? html`<p><a role="button" href=${`/console${boardPath}/`}>${say(text.open)}</a></p><p class="muted">${say(text.openHelp)}</p>`
            : html`<p class="notice problem">${say(text.awayHelp)}</p>`}`,
      }
    },
  }),
]
