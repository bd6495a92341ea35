import { z } from "zod"
import { apiText } from "../../text/api.ts"
import { webhookText } from "../../text/webhooks.ts"
import { html } from "../../web/html.ts"
import { type Area, publicPage } from "../../web/page.ts"
import type { Say } from "../../web/words.ts"
import type { WebhookPorts } from "../webhooks/ports.ts"
import { webhookPages } from "../webhooks/webhooks.ts"
import type { DescribedApi, DescribedOperation } from "./described-api.ts"
import { schemaView, typeText } from "./schema-view.ts"

/**
 * The API's documentation: a page made of its OpenAPI description. Viewers that are to be had need inline styles and scripts of their own, which the console's policy
 * forbids; this one needs neither. A page for each operation: all in one would be 350 KB, and 30 ms of the event loop each time. It tells nothing of this province, so nobody has to sign in.
 */
export interface ApiPorts extends WebhookPorts {
  readonly document: DescribedApi
}

export const apiArea = ({ document, ...webhooks }: ApiPorts): Area => ({
  group: "systems",
  menu: [
    { path: "/webhooks", label: webhookText.title, who: "webhooks:read" },
    { path: "/api", label: apiText.title, who: "anybody" },
  ],
  pages: [
    ...webhookPages(webhooks),
    publicPage({
      method: "get", path: "/api", input: z.object({}),
      run: async (_input, { say }) => ({ kind: "page", title: say(apiText.title), body: overview(say, document) }),
    }),
    publicPage({
      method: "get", path: "/api/:operation", input: z.object({ operation: z.string().max(100) }),
      async run({ operation: id }, { say }) {
        const one = operationsOf(document).find(({ operation }) => operation.operationId === id)
        if (!one) return { kind: "error", status: 404 }
        return { kind: "page", title: `${one.method.toUpperCase()} ${one.path}`, crumbs: [{ path: apiPath, title: say(apiText.title) }], body: operationView(say, one, document) }
      },
    }),
  ],
})

const apiPath = "/console/api"

interface Named {
  readonly method: string
  readonly path: string
  readonly operation: DescribedOperation
}

const operationsOf = ({ paths }: DescribedApi): readonly Named[] => Object.entries(paths).flatMap(([path, methods]) => Object.entries(methods).map(([method, operation]) => ({ method, path, operation })))

function overview(say: Say, document: DescribedApi) {
  const operations = operationsOf(document)
  const tags = [...new Set(operations.flatMap(({ operation }) => operation.tags))]
  return html`<p>${say(apiText.intro)}</p>
    <pre tabindex="0"><code>curl -H "Authorization: Bearer $TOKEN" https://…/api/v1/queue</code></pre>
    <p>${say(apiText.errors)} <a href="/api/v1/openapi.json">openapi.json</a></p>
    <nav class="tabs" aria-label=${say(apiText.contents)}>${tags.map((tag) => html`<a href=${`#${tag}`}>${tag}</a>`)}</nav>
    ${tags.map((tag) => html`<section id=${tag}><h2>${tag}</h2><ul class="operations">${operations.filter(({ operation }) => operation.tags.includes(tag)).map(operationLine)}</ul></section>`)}`
}

const operationLine = ({ method, path, operation: { operationId, summary } }: Named) =>
  html`<li><a href=${`${apiPath}/${operationId}`}><strong>${method.toUpperCase()}</strong> <code>${path}</code></a> <span lang="en">${summary}</span></li>`

function operationView(say: Say, { operation }: Named, { components }: DescribedApi) {
  const body = Object.values(operation.requestBody?.content ?? {})[0]?.schema
  const scopes = operation.security.flatMap(({ token }) => token)
  return html`<section class="operation"><p lang="en">${operation.summary}</p>
    <p>${say(apiText.scope)} ${scopes.map((scope) => html`<code>${scope}</code> `)}</p>
    ${operation.parameters.length > 0 && html`<h2>${say(apiText.parameters)}</h2>
      <dl class="facts">${operation.parameters.map(({ name, in: place, required, description, schema }) => html`<dt><code>${name}</code> <small>${place}${required ? "" : `, ${say(apiText.optional)}`}</small></dt><dd><code>${typeText(schema)}</code>${description !== undefined && html` <span lang="en">${description}</span>`}</dd>`)}</dl>`}
    ${body && html`<h2>${say(apiText.body)}</h2>${schemaView(say, body)}`}
    <h2>${say(apiText.answers)}</h2>
    <dl class="facts">${Object.entries(operation.responses).map(([status, response]) => answerView(say, { status, response }, components))}</dl></section>`
}

function answerView(say: Say, { status, response }: { readonly status: string; readonly response: DescribedOperation["responses"][string] }, components: DescribedApi["components"]) {
  if ("$ref" in response) return html`<dt>${status}</dt><dd lang="en">${components.responses[response.$ref.split("/").at(-1) ?? ""]?.description ?? ""}</dd>`
  const [type, content] = Object.entries(response.content ?? {})[0] ?? []
  return html`<dt>${status}</dt><dd>${type !== undefined && html`<code>${type}</code>`}${content && schemaView(say, content.schema)}</dd>`
}
