import { request } from "node:https"

/** Asks the API of a running system, whatever its certificate. */
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

export function askApi(port: number, method: string, path: string, { token, body, headers = {} }: ApiQuestion): Promise<ApiAnswer> {
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
