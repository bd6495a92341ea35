import { request } from "node:https"
import { createAnswerCheck } from "./described-answers.ts"

/** Asks the API of a running system, whatever its certificate, and holds the answer against the system's own description. */
export interface ApiAnswer {
  readonly status: number
  readonly headers: NodeJS.Dict<string | string[]>
  readonly body: Readonly<Record<string, unknown>>
}

export interface ApiQuestion {
  readonly token: string
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
}

export async function askApi(port: number, method: string, path: string, question: ApiQuestion): Promise<ApiAnswer> {
  const check = checks.get(port) ?? asked(port, "GET", "/openapi.json", question).then(({ body }) => createAnswerCheck(body as never))
  checks.set(port, check)
  const answer = await asked(port, method, path, question)
  ;(await check)({ method, path, status: answer.status, contentType: String(answer.headers["content-type"] ?? ""), body: answer.body })
  return answer
}

/** By port: a test asks a few systems, each with routes of its own. */
const checks = new Map<number, Promise<ReturnType<typeof createAnswerCheck>>>()

function asked(port: number, method: string, path: string, { token, body, headers = {} }: ApiQuestion): Promise<ApiAnswer> {
  return new Promise((resolve, reject) => {
    const content = body === undefined ? undefined : JSON.stringify(body)
    const options = {
      host: "127.0.0.1", port, path: `/api/v1${path}`, method, rejectUnauthorized: false,
      headers: { authorization: `Bearer ${token}`, ...(content !== undefined && { "content-type": "application/json", "content-length": Buffer.byteLength(content) }), ...headers },
    }
    request(options, (response) => {
      let text = ""
      response.on("data", (chunk: Buffer) => (text += chunk.toString()))
      response.on("end", () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text.startsWith("{") ? (JSON.parse(text) as ApiAnswer["body"]) : { text } }))
      response.on("error", reject)
    }).on("error", reject).end(content)
  })
}
