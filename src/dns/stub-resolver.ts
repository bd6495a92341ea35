/**
 * Asks the configured recursive resolvers, one after the other, by UDP and, for what does not fit, TCP. Each question has a socket, and so a
 * port, of its own and a random id: whoever wants to answer in the resolver's place must guess both (RFC 5452 §9.2).
 * Must not know: mail.
 */
import { createSocket } from "node:dgram"
import { connect, isIPv6 } from "node:net"
import type { Clock } from "../base/clock.ts"
import { normalName, question, type Question, type Reading, readReply } from "./dns-message.ts"
import { RememberedAnswers } from "./remembered-answers.ts"
import type { DnsAnswer, DnsResolver, RecordData, RecordType } from "./resolver.ts"

export interface StubResolverOptions {
  /** At least one. */
  readonly servers: readonly DnsServer[]
  /** Whether the servers validate DNSSEC and nobody stands between them and us, so that their AD bit is believed. */
  readonly trustAuthenticData: boolean
  readonly clock: Clock
  /** For one server to answer. */
  readonly timeoutMs?: number
  /** How often all servers are gone through. */
  readonly rounds?: number
}

export interface DnsServer {
  readonly address: string
  readonly port: number
}

type AnyAnswer = DnsAnswer<RecordData[RecordType]>

/** RFC 1035 §2.3.4: longest name; longer ones cannot exist. */
const maxNameBytes = 253
const maxLabelBytes = 63

export function createStubResolver({ servers, trustAuthenticData, clock, timeoutMs = 2_500, rounds = 2 }: StubResolverOptions): DnsResolver {
  const remembered = new RememberedAnswers(clock)
  const underWay = new Map<string, Promise<AnyAnswer>>()

  const askServer = async (asked: Question, server: DnsServer): Promise<Reading | undefined> => {
    const read = (bytes: Uint8Array): Reading => readReply(asked, bytes, trustAuthenticData)
    const reading = await byDatagram(asked, server, timeoutMs, read)
    return reading?.kind === "truncated" ? byStream(asked, server, timeoutMs, read) : reading
  }

  const ask = async (name: string, type: RecordType, key: string): Promise<AnyAnswer> => {
    let failure: AnyAnswer | undefined
    // a server that says SERVFAIL has looked: asking it again at once changes nothing
    for (let round = 0; round < rounds && !failure; round++) {
      for (const server of servers) {
        const reading = await askServer(question(name, type), server)
        if (reading?.kind !== "answer") continue
        if (reading.answer.kind !== "failed") {
          remembered.add(key, reading.answer, reading.ttlSeconds)
          return reading.answer
        }
        failure = reading.answer
      }
    }
    return failure ?? { kind: "failed", detail: `the DNS did not answer for ${name} ${type}` }
  }

  const resolve = (name: string, type: RecordType): Promise<AnyAnswer> => {
    const wanted = normalName(name)
    if (!possible(wanted)) return Promise.resolve({ kind: "noName", secure: false })
    const key = `${type} ${wanted}`
    const known = remembered.get(key)
    if (known) return Promise.resolve(known)
    const same = underWay.get(key)
    if (same) return same
    const answer = ask(wanted, type, key).finally(() => underWay.delete(key))
    underWay.set(key, answer)
    return answer
  }

  // the type of the records follows from the type asked for: readReply gives no others
  return { resolve: <Type extends RecordType>(name: string, type: Type) => resolve(name, type) as Promise<DnsAnswer<RecordData[Type]>> }
}

const possible = (name: string): boolean =>
  name !== "" && Buffer.byteLength(name) <= maxNameBytes && name.split(".").every((label) => label !== "" && Buffer.byteLength(label) <= maxLabelBytes)

/** Undefined when the server does not answer in time or cannot be reached. */
const byDatagram = ({ bytes }: Question, { address, port }: DnsServer, timeoutMs: number, read: (bytes: Uint8Array) => Reading): Promise<Reading | undefined> =>
  new Promise((resolve) => {
    const socket = createSocket(isIPv6(address) ? "udp6" : "udp4")
    let ended = false
    const end = (reading: Reading | undefined): void => {
      if (ended) return
      ended = true
      clearTimeout(timer)
      socket.removeAllListeners("message")
      socket.close()
      resolve(reading)
    }
    const timer = setTimeout(() => end(undefined), timeoutMs)
    // a network that is down says so at once, to `connect` or to `send`: without a listener for it the process would end
    socket.on("error", () => end(undefined))
    socket.on("message", (reply) => {
      const reading = read(reply)
      // whoever guesses wrong is ignored, and the true answer still awaited
      if (reading.kind !== "stranger") end(reading)
    })
    socket.once("connect", () => {
      if (!ended) socket.send(bytes)
    })
    // connected: the system drops what others than the server send
    socket.connect(port, address)
  })

const byStream = ({ bytes }: Question, { address, port }: DnsServer, timeoutMs: number, read: (bytes: Uint8Array) => Reading): Promise<Reading | undefined> =>
  new Promise((resolve) => {
    const socket = connect({ host: address, port, timeout: timeoutMs })
    let got: Buffer = Buffer.alloc(0)
    const end = (reading: Reading | undefined): void => {
      clearTimeout(timer)
      socket.destroy()
      resolve(reading)
    }
    const timer = setTimeout(() => end(undefined), timeoutMs)
    socket.once("error", () => end(undefined))
    socket.once("close", () => end(undefined))
    socket.once("connect", () => socket.write(framed(bytes)))
    // RFC 1035 §4.2.2: two octets of length, then the message; 64 KiB at most
    socket.on("data", (chunk: Buffer) => {
      got = Buffer.concat([got, chunk])
      if (got.length < 2 || got.length < 2 + got.readUInt16BE(0)) return
      const reading = read(got.subarray(2, 2 + got.readUInt16BE(0)))
      end(reading.kind === "answer" ? reading : undefined)
    })
  })

function framed(bytes: Uint8Array): Buffer {
  const length = Buffer.alloc(2)
  length.writeUInt16BE(bytes.length)
  return Buffer.concat([length, bytes])
}
