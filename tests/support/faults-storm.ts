import { spawn } from "node:child_process"
import { once } from "node:events"
import { readFileSync } from "node:fs"
import net from "node:net"
import { setTimeout as pause } from "node:timers/promises"
import tls from "node:tls"
import { fileURLToPath } from "node:url"

/** One hostile client: what it does until the server has had enough of it. Resolves with what the server said. */
export interface Attack {
  readonly name: string
  readonly door: "smtp" | "submission" | "imap" | "imaps" | "submissions"
  readonly bytes: Buffer
  /** No rule forbids it. */
  readonly lawful?: boolean
}

const crlf = (...lines: readonly string[]): string => lines.map((line) => `${line}\r\n`).join("")
const envelope = crlf("EHLO x", "MAIL FROM:<a@ngoai.example>", "RCPT TO:<can.bo.1@vacham.example>", "DATA")

/** Bad input of every kind; each is refused by its protocol's own words or by the end of the connection. */
export const attacks: readonly Attack[] = [
  { name: "a line without end", door: "smtp", bytes: Buffer.alloc(8 * 2 ** 20, "A") },
  { name: "commands that do not exist", door: "smtp", bytes: Buffer.from("FOO bar\r\n".repeat(20_000)) },
  { name: "a TLS handshake where none was agreed", door: "smtp", bytes: Buffer.concat([Buffer.from("16030105", "hex"), Buffer.alloc(4096, 0xee), Buffer.from("\r\n")]) },
  { name: "a header without end", door: "smtp", bytes: Buffer.concat([Buffer.from(envelope), Buffer.from("X-Long: a\r\n".repeat(400_000)), Buffer.from("\r\n.\r\nQUIT\r\n")]) },
  { name: "bare line feeds (smuggling)", door: "smtp", bytes: Buffer.from(`${envelope}Subject: a\r\n\r\nb\n.\nMAIL FROM:<c@ngoai.example>\r\n.\r\nQUIT\r\n`) },
  { name: "parts within parts within parts", door: "smtp", lawful: true, bytes: Buffer.from(`${envelope}From: a@ngoai.example\r\n${Array.from({ length: 40_000 }, (_, n) => `Content-Type: multipart/mixed; boundary=b${n}\r\n\r\n--b${n}\r\n`).join("")}\r\n.\r\nQUIT\r\n`) },
  { name: "recipients without end", door: "smtp", bytes: Buffer.from(`${crlf("EHLO x", "MAIL FROM:<a@ngoai.example>")}${"RCPT TO:<khong.co@vacham.example>\r\n".repeat(20_000)}`) },
  { name: "passwords in clear, guessed", door: "submission", bytes: Buffer.from(`EHLO x\r\n${"AUTH PLAIN AGEAYg==\r\n".repeat(5_000)}`) },
  { name: "HTTP", door: "imap", bytes: Buffer.from(`POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 999999\r\n\r\n${"a LOGIN b c\r\n".repeat(1000)}`) },
  { name: "a tag without end", door: "imaps", bytes: Buffer.alloc(8 * 2 ** 20, "a") },
  { name: "a literal of four gigabytes", door: "imaps", bytes: Buffer.from(`a LOGIN {4294967295}\r\n${"x".repeat(1_000_000)}`) },
  { name: "a non-synchronizing literal that is too large", door: "imaps", bytes: Buffer.from(`a LOGIN {60000000+}\r\n${"x".repeat(4_000_000)}`) },
  { name: "brackets without end", door: "imaps", bytes: Buffer.from(`a SEARCH ${"(".repeat(60_000)}\r\nb FETCH 1 ${"(".repeat(60_000)}\r\n`.repeat(20)) },
  { name: "commands before sign-in, pipelined", door: "imaps", bytes: Buffer.from("a SELECT INBOX\r\nb FETCH 1:* BODY[]\r\n".repeat(50_000)) },
  { name: "random bytes", door: "imap", bytes: Buffer.from(Array.from({ length: 400_000 }, (_, n) => (Math.imul(n + 1, 2_654_435_761) >>> 11) & 0xff)) },
]

const secureDoors: ReadonlySet<Attack["door"]> = new Set(["imaps", "submissions"])

/** Pours the bytes in as fast as the server takes them, then closes its side; reads whatever comes back. */
export function attack({ door, bytes }: Attack, ports: Readonly<Record<string, number>>): Promise<string> {
  const port = ports[door] ?? 0
  return new Promise((resolve) => {
    const socket = secureDoors.has(door) ? tls.connect({ port, host: "127.0.0.1", rejectUnauthorized: false }) : net.connect(port, "127.0.0.1")
    let said = ""
    let sent = false
    socket.on("data", (chunk: Buffer) => {
      if (said.length < 1_000_000) said += chunk.toString("latin1")
      // after the greeting, as a client that passes for one
      if (!sent) {
        sent = true
        // who says QUIT waits for the answers
        if (bytes.subarray(-6).toString() === "QUIT\r\n") socket.write(bytes)
        else socket.end(bytes)
      }
    })
    socket.on("error", () => undefined)
    socket.on("close", () => resolve(said))
  })
}

/** Everything at once from so many attackers; resolves when all have been sent away. */
export async function storm(ports: Readonly<Record<string, number>>, attackers: number): Promise<void> {
  const script = fileURLToPath(new URL("faults-storm-run.ts", import.meta.url))
  const [code] = (await once(spawn(process.execPath, [script, JSON.stringify(ports), String(attackers)], { stdio: "inherit" }), "exit")) as [number | null]
  if (code !== 0) throw new Error(`the storm ended with ${code}`)
}

/** Resident memory of a process, in bytes. */
export const residentBytes = (pid: number): number => 1024 * Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "latin1"))?.[1])

/** Asks again and again until told to stop; how long each answer took, in milliseconds. */
export async function measure(ask: () => Promise<void>, until: Promise<unknown>): Promise<readonly number[]> {
  let raging = true
  void until.finally(() => (raging = false))
  const took: number[] = []
  while (raging) {
    const from = performance.now()
    await ask()
    took.push(performance.now() - from)
    await pause(5)
  }
  return took.toSorted((a, b) => a - b)
}

export const told = (took: readonly number[]): string => {
  const at = (share: number): string => (took[Math.min(took.length - 1, Math.floor(took.length * share))] ?? 0).toFixed(1)
  return `${took.length} round trips, p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, max ${at(1)} ms`
}
