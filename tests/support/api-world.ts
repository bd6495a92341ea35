import { createServer, request } from "node:http"
import express, { type Router } from "express"
import { type ApiScope, apiTokenHash, newApiToken } from "../../src/accounts/api-token.ts"
import { createApiGate } from "../../src/api/gate.ts"
import { openApiDocument } from "../../src/api/openapi/document.ts"
import type { Route } from "../../src/api/route.ts"
import { apiRouter } from "../../src/api/server.ts"
import { serve } from "../../src/base/serving.ts"
import { createApiTokenStore } from "../../src/store/sql/api-tokens.ts"
import { isUnavailable } from "../../src/store/sql/database.ts"
import { createApiLog } from "../../src/telemetry/mail-log.ts"
import type { TestDatabase } from "./database.ts"
import { createAnswerCheck } from "./described-answers.ts"
import { testLog } from "./store.ts"

/** The API on a real database, over plain HTTP (TLS is the listener's business). Every answer is held against its description. */
export interface ApiWorld {
  readonly port: number
  token(scopes: readonly ApiScope[], unitCode?: string): Promise<string>
  /** Of a token made here. */
  tokenId(text: string): Promise<number>
  ask(method: string, path: string, question: Question): Promise<Answered>
  close(): Promise<void>
}

export interface Question {
  readonly token: string
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
}

export interface Answered {
  readonly status: number
  readonly headers: NodeJS.Dict<string | string[]>
  readonly body: Readonly<Record<string, unknown>>
  /** Of what is no JSON: as it came. */
  readonly file: Buffer
  readonly tag: string
}

interface WorldParts {
  readonly database: TestDatabase
  readonly routes?: readonly Route[]
  readonly mounted?: (gate: ReturnType<typeof createApiGate>) => { readonly path: string; readonly router: Router }
}

export async function openApiWorld({ database, routes = [], mounted }: WorldParts): Promise<ApiWorld> {
  const tokens = createApiTokenStore(database)
  const gate = createApiGate({ tokens, requestsPerMinute: 0, maxFailures: 0, failureWindowMs: 60_000 })
  const document = openApiDocument(routes, { title: "Công Thư" })
  const check = createAnswerCheck(document)
  const app = express().use("/api/v1", apiRouter({ gate, routes, document, isUnavailable, log: createApiLog(testLog) }))
  const more = mounted?.(gate)
  if (more) app.use(more.path, more.router)
  const server = await serve(createServer(app), { host: "127.0.0.1", port: 0 })
  return {
    port: server.port,
    async token(scopes, unitCode) {
      const text = newApiToken()
      await tokens.add({ name: "he-thong", sha256: apiTokenHash(text), scopes, createdBy: "QT1", expiresAt: null, ...(unitCode !== undefined && { unitCode }) })
      return text
    },
    async tokenId(text) {
      const [row] = await database.query<{ id: number }>({ text: "SELECT id FROM api_token WHERE sha256 = $1" }, [apiTokenHash(text)])
      return row?.id ?? 0
    },
    async ask(method, path, question) {
      const answer = await sent(server.port, method, path, question)
      if (path.startsWith("/api/v1")) check({ method, path: path.slice("/api/v1".length), status: answer.status, contentType: String(answer.headers["content-type"] ?? ""), body: answer.body })
      return answer
    },
    close: () => server.close(),
  }
}

const sent = (port: number, method: string, path: string, { token, body, headers = {} }: Question): Promise<Answered> =>
  new Promise((resolve, reject) => {
    const content = body === undefined ? undefined : typeof body === "string" || Buffer.isBuffer(body) ? body : JSON.stringify(body)
    request({
      host: "127.0.0.1", port, path, method,
      headers: { authorization: `Bearer ${token}`, ...(content !== undefined && { "content-type": "application/json", "content-length": Buffer.byteLength(content) }), ...headers },
    }, (response) => {
      const chunks: Buffer[] = []
      response.on("data", (chunk: Buffer) => void chunks.push(chunk)).on("error", reject)
      response.on("end", () => {
        const file = Buffer.concat(chunks)
        const isJson = /[/+]json(?:;|$)/.test(response.headers["content-type"] ?? "") && file.length > 0
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: isJson ? (JSON.parse(file.toString()) as Answered["body"]) : {}, file, tag: response.headers.etag ?? "" })
      })
    }).on("error", reject).end(content)
  })
