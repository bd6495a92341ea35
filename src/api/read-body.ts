import { createHash } from "node:crypto"
import express, { type Request, type Response } from "express"
import { mayHaveNul, parseJsonObject } from "./large-json.ts"
import type { Route } from "./route.ts"

/** What a request has in its content, bounded by its route before any of it is looked at. Errors carry the HTTP status that answers them. */
export interface Body {
  readonly members: Readonly<Record<string, unknown>>
  /** Of the octets. */
  readonly sha256: Uint8Array
  readonly mayHaveNul: boolean
  readonly file: Buffer
}

export type BodyReader = (route: Route, request: Request, response: Response) => Promise<Body | undefined>

const usualBodyBytes = 16 * 1024
const nothing = Buffer.alloc(0)
const noBody: Body = { members: {}, sha256: createHash("sha256").digest(), mayHaveNul: false, file: nothing }
const otherCharset = /;\s*charset\s*=\s*(?!"?utf-8"?\s*(?:;|$))/i

/** An empty body is none; undefined for one that is not what its route takes. */
export function createBodyReader(routes: readonly Route[]): BodyReader {
  // whatever it is called: its type has been looked at by then
  const readers = new Map([...new Set(routes.map(bodyLimit))].map((limit) => [limit, express.raw({ limit, type: () => true })]))
  async function octets(route: Route, request: Request, response: Response): Promise<Buffer | undefined> {
    const read = readers.get(bodyLimit(route))
    await new Promise<void>((resolve, reject) => read?.(request, response, (error?: unknown) => (error === undefined ? resolve() : reject(error as Error))))
    const bytes: unknown = request.body
    return Buffer.isBuffer(bytes) ? bytes : undefined
  }
  return async (route, request, response) => {
    if (request.headers["transfer-encoding"] === undefined && (request.headers["content-length"] ?? "0") === "0") return noBody
    if (route.takesFile) {
      if (!request.is([...route.takesFile])) return undefined
      const file = await octets(route, request, response)
      return file && { ...noBody, file }
    }
    // RFC 8259 §8.1: UTF-8, whatever else could be said
    if (!request.is("application/json") || otherCharset.test(request.headers["content-type"] ?? "")) return undefined
    const bytes = await octets(route, request, response)
    if (!bytes) return undefined
    const members = await parseJsonObject(bytes).catch((error: unknown) => Promise.reject(error instanceof SyntaxError ? Object.assign(error, { status: 400 }) : error))
    return members && { members, sha256: createHash("sha256").update(bytes).digest(), mayHaveNul: mayHaveNul(bytes), file: nothing }
  }
}

const bodyLimit = ({ maxBodyBytes = usualBodyBytes }: Route): number => maxBodyBytes
