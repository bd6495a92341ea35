import { once } from "node:events"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { type OcspReply, ocspReply, readOcspRequest } from "./ocsp-responder.ts"
import type { Issued } from "./test-pki.ts"

/** An authority's OCSP responder over HTTP on loopback, for any of its certificates. */
export interface OcspServer {
  readonly url: string
  /** Who answers; set before the first question. */
  issuer: Issued | undefined
  status: OcspReply["status"]
  /** How long responses say they are good for (ms). */
  lastsMs: number
  /** Answers 500. */
  broken: boolean
  readonly questions: () => number
  close(): Promise<void>
}

export async function startOcspServer(now: () => number = () => Date.now()): Promise<OcspServer> {
  let questions = 0
  const server = createServer(async (request, response) => {
    questions++
    const chunks: Buffer[] = []
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk)
    if (at.broken || !at.issuer) return void response.writeHead(500).end()
    const { certId } = readOcspRequest(Buffer.concat(chunks))
    const thisUpdate = Math.floor(now() / 1000) * 1000
    response.end(ocspReply({ certId, status: at.status, thisUpdate, nextUpdate: thisUpdate + at.lastsMs, signer: at.issuer, certificates: [] }))
  }).listen(0, "127.0.0.1")
  await once(server, "listening")
  const at: OcspServer = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, issuer: undefined, status: "good", lastsMs: 3_600_000, broken: false,
    questions: () => questions,
    close: () => new Promise((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    }),
  }
  return at
}
