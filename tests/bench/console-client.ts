import type { IncomingMessage } from "node:http"
import { Agent, request } from "node:https"
import { performance } from "node:perf_hooks"

/** A browser's session of the console over one connection that stays open. */
export interface ConsoleClient {
  get(path: string): Promise<ConsolePage>
  /** With the session's form token. */
  post(path: string, form: Readonly<Record<string, string>>, file?: UploadedFile): Promise<ConsolePage>
  close(): void
}

export interface ConsolePage {
  readonly status: number
  readonly location: string
  readonly body: string
  /** From the request's first byte to the answer's last, ms: the server's time, and the little that one machine's network and this process add. */
  readonly ms: number
}

export interface UploadedFile {
  readonly field: string
  readonly name: string
  readonly bytes: Buffer
}

export interface ConsoleAccess {
  readonly host: string
  readonly port: number
}

export async function openConsole({ host, port }: ConsoleAccess, login: { readonly address: string; readonly password: string }): Promise<ConsoleClient> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1, rejectUnauthorized: false })
  const authority = `${host}:${port}`
  let cookie = ""
  const ask = (method: "GET" | "POST", path: string, body?: { readonly type: string; readonly bytes: Buffer }): Promise<ConsolePage> =>
    new Promise((resolve, reject) => {
      const from = performance.now()
      const headers = { host: authority, ...(cookie !== "" && { cookie }), ...(body && { "content-type": body.type, "content-length": body.bytes.length, origin: `https://${authority}`, "sec-fetch-site": "same-origin" }) }
      request({ host, port, path, method, agent, headers }, (response) => {
        const chunks: Buffer[] = []
        response.on("data", (chunk: Buffer) => chunks.push(chunk))
        response.on("error", reject)
        response.on("end", () => {
          const ms = performance.now() - from
          cookie = sessionCookie(response) ?? cookie
          resolve({ status: response.statusCode ?? 0, location: response.headers.location ?? "", body: Buffer.concat(chunks).toString(), ms })
        })
      }).on("error", reject).end(body?.bytes)
    })
  const send = (path: string, form: Readonly<Record<string, string>>, file?: UploadedFile): Promise<ConsolePage> =>
    ask("POST", path, file ? { type: `multipart/form-data; boundary=${boundary}`, bytes: multipart(form, file) } : { type: "application/x-www-form-urlencoded", bytes: Buffer.from(new URLSearchParams(form).toString()) })
  await send("/console/sign-in", login)
  const csrf = /name="_csrf" value="([\w-]+)"/.exec((await ask("GET", "/console/me/sessions")).body)?.[1]
  if (csrf === undefined) throw new Error(`${login.address} could not sign in to the console`)
  return { get: (path) => ask("GET", path), post: (path, form, file) => send(path, { ...form, _csrf: csrf }, file), close: () => agent.destroy() }
}

const sessionCookie = (response: IncomingMessage): string | undefined => response.headers["set-cookie"]?.find((line) => line.startsWith("__Host-congthu="))?.split(";", 1)[0]

const boundary = "----congthu-bench"

const multipart = (form: Readonly<Record<string, string>>, { field, name, bytes }: UploadedFile): Buffer =>
  Buffer.concat([
    ...Object.entries(form).map(([key, value]) => Buffer.from(`--${boundary}\r\nContent-Disposition: form-data; name="${key}"\r\n\r\n${value}\r\n`)),
    Buffer.from(`--${boundary}\r\nContent-Disposition: form-data; name="${field}"; filename="${name}"\r\nContent-Type: application/octet-stream\r\n\r\n`), bytes, Buffer.from(`\r\n--${boundary}--\r\n`),
  ])
