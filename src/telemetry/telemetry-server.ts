import { createServer } from "node:http"
import { serve, type Serving } from "../base/serving.ts"
import type { HealthReport } from "./health.ts"
import { exposition, metricsContentType, type MetricSnapshot } from "./metrics.ts"

export interface TelemetrySources {
  readonly host: string
  readonly port: number
  readonly health: () => Promise<readonly HealthReport[]>
  readonly metrics: () => Promise<readonly MetricSnapshot[]>
}

/** `/health` and `/metrics` over plain HTTP for the machines that watch this one. Carries no personal data; bind it to an inner network. */
export async function startTelemetryServer(sources: TelemetrySources): Promise<Serving> {
  const server = createServer({ requestTimeout: 10_000, headersTimeout: 5_000, maxHeaderSize: 8_192 }, (request, response) => {
    const answer = async (): Promise<void> => {
      if (request.method !== "GET" && request.method !== "HEAD") return void response.writeHead(405, { allow: "GET, HEAD" }).end()
      if (request.url === "/health") {
        const roles = await sources.health()
        const healthy = roles.length > 0 && roles.every((role) => role.ok)
        return void response.writeHead(healthy ? 200 : 503, { "content-type": "application/json" }).end(`${JSON.stringify({ ok: healthy, roles })}\n`)
      }
      if (request.url === "/metrics") {
        const text = await exposition(await sources.metrics())
        return void response.writeHead(200, { "content-type": metricsContentType }).end(text)
      }
      response.writeHead(404, { "content-type": "text/plain" }).end("Only /health and /metrics are here.\n")
    }
    answer().catch(() => response.headersSent || response.writeHead(500).end())
  })
  server.maxConnections = 100
  return serve(server, sources)
}
