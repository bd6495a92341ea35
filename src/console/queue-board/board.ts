import { readFileSync } from "node:fs"
import { createRequire } from "node:module"
import { dirname, join } from "node:path"
import { createBullBoard } from "@bull-board/api"
import { BullMQAdapter } from "@bull-board/api/bullMQAdapter"
import { ExpressAdapter } from "@bull-board/express"
import type { RequestHandler } from "express"

/**
 * bull-board behind the console's gate (web/mounted.ts). Its own first page asks for fonts of another site and has styles in it, which the console's policy forbids; this
 * one has the same scripts and neither. Must not know: who may what.
 */
type BoardQueue = ConstructorParameters<typeof BullMQAdapter>[0]

/** BullMQ's own, of either engine: the board's types know of one only. */
const isQueue = (queue: object): queue is BoardQueue => "getJobCounts" in queue

const require = createRequire(import.meta.url)
const dist = join(dirname(require.resolve("@bull-board/ui/package.json")), "dist")

class Adapter extends ExpressAdapter {
  override setEntryRoute({ route }: Parameters<ExpressAdapter["setEntryRoute"]>[0]): this {
    this.app.get(route, (_request, response) => void response.type("html").send(entryPage({ base: `${this.basePath}/`, settings: this.uiConfig })))
    return this
  }
}

/** `readOnly`: it shows no buttons, and refuses what they would do. Details of the engine are left out: their button is a drawing with a style of its own. */
export function createBoard(queues: readonly object[], { basePath, readOnly, title }: { readonly basePath: string; readonly readOnly: boolean; readonly title: string }): RequestHandler {
  const serverAdapter = new Adapter()
  serverAdapter.setBasePath(basePath)
  createBullBoard({
    queues: queues.filter(isQueue).map((queue) => new BullMQAdapter(queue, { readOnlyMode: readOnly })),
    serverAdapter,
    options: { uiBasePath: dirname(dist), uiConfig: { boardTitle: title, hideDocsLink: true, hideRedisDetails: true, locale: { lng: "en-GB" }, pollingInterval: { showSetting: true } } },
  })
  return serverAdapter.getRouter() as RequestHandler
}

/** Names of its files have a hash in them, and are read from the page that it brings. */
const shipped = readFileSync(join(dist, "index.ejs"), "utf8")
const files = (pattern: RegExp): readonly string[] => [...shipped.matchAll(pattern)].map(([, file]) => file ?? "")
const styles = files(/href="(static\/css\/[\w.]+\.css)"/g)
const scripts = files(/src="(static\/js\/[\w.-]+\.js)"/g)

/** The settings are data in a script element: nothing runs them, so the policy need not allow it. */
const entryPage = ({ base, settings }: { readonly base: string; readonly settings: object }): string => `<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><meta name="robots" content="noindex"><base href="${base}">
<title>BullMQ</title><link rel="icon" href="static/images/logo.svg" type="image/svg+xml" id="fav-logo">${styles.map((file) => `<link rel="stylesheet" href="${file}">`).join("")}</head>
<body class="preload"><script id="__UI_CONFIG__" type="application/json">${JSON.stringify(settings).replaceAll("<", "\\u003c")}</script><div id="root"></div>${scripts.map((file) => `<script defer src="${file}"></script>`).join("")}</body></html>`
