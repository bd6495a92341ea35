import { type ChildProcess, spawn, spawnSync } from "node:child_process"
import { once } from "node:events"
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { Agent, get } from "node:https"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { freeLoopbackPort } from "./free-port.ts"
import { until } from "./running-system.ts"
import type { Issued } from "./test-pki.ts"
import { pemOf, tlsAuthority, tlsIdentity } from "./tls-identity.ts"

/** Pebble, the test server of those who make Let's Encrypt's: a strict ACME authority of another make, with a DNS where every name leads to 127.0.0.1. */
export interface Pebble {
  readonly directory: string
  /** PEM: who vouches for its HTTPS. */
  readonly authority: string
  /** PEM of the root of what it issues. */
  root(): Promise<string>
  /** What it wrote so far. */
  output(): string
  stop(): Promise<void>
}

export interface PebbleOptions {
  /** Where it looks for proofs. */
  readonly challengePort: number
  /** Who vouches for its HTTPS; absent: one of its own. */
  readonly authority?: Issued
  /** Where it listens; absent: anywhere. */
  readonly port?: number
  readonly externalAccounts?: Readonly<Record<string, string>>
  /** How many good nonces of a hundred it refuses. */
  readonly refusedNonces?: number
}

export const hasPebble = ["pebble", "pebble-challtestsrv"].every((program) => spawnSync(program, ["-h"]).error === undefined)
if (!hasPebble) console.warn("no pebble: ACME is not tried with an authority of another make (Debian: apt-get install pebble)")

export async function startPebble({ challengePort, port, authority = tlsAuthority("Pebble's own"), externalAccounts, refusedNonces = 0 }: PebbleOptions): Promise<Pebble> {
  const dir = await mkdtemp(join(tmpdir(), "congthu-pebble-"))
  const [acme, management, dns] = await Promise.all([port ?? freeLoopbackPort(), freeLoopbackPort(), freeLoopbackPort()])
  const { cert, key } = tlsIdentity({ names: ["localhost"], by: authority })
  const file = (name: string): string => join(dir, name)
  const config = {
    listenAddress: `127.0.0.1:${acme}`, managementListenAddress: `127.0.0.1:${management}`, certificate: file("cert.pem"), privateKey: file("key.pem"), httpPort: challengePort, tlsPort: challengePort,
    externalAccountBindingRequired: externalAccounts !== undefined, externalAccountMACKeys: externalAccounts ?? {},
  }
  await Promise.all([writeFile(file("cert.pem"), cert), writeFile(file("key.pem"), key), writeFile(file("config.json"), JSON.stringify({ pebble: config }))])
  let said = ""
  const run = (program: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): ChildProcess => {
    const child = spawn(program, args, { env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "pipe"] })
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (said += chunk.toString()))
    return child
  }
  const children = [
    run("pebble-challtestsrv", ["-dns01", `127.0.0.1:${dns}`, "-http01", "", "-https01", "", "-tlsalpn01", "", "-management", "", "-defaultIPv4", "127.0.0.1", "-defaultIPv6", ""]),
    run("pebble", ["-strict", "-config", file("config.json"), "-dnsserver", `127.0.0.1:${dns}`], { PEBBLE_VA_NOSLEEP: "1", PEBBLE_AUTHZREUSE: "0", PEBBLE_WFE_NONCEREJECT: String(refusedNonces) }),
  ]
  const ask = (url: string): Promise<string> =>
    new Promise((resolve, reject) => {
      const agent = new Agent({ ca: pemOf(authority) })
      get(url, { agent }, async (response) => {
        const chunks: Buffer[] = []
        for await (const chunk of response as AsyncIterable<Buffer>) chunks.push(chunk)
        agent.destroy()
        resolve(Buffer.concat(chunks).toString())
      }).on("error", reject)
    })
  const directory = `https://localhost:${acme}/dir`
  await until(() => ask(directory).then(() => true, () => false), 15_000).catch((error: unknown) => {
    throw new Error(`pebble does not start: ${said}`, { cause: error })
  })
  return {
    directory,
    authority: pemOf(authority),
    root: () => ask(`https://localhost:${management}/roots/0`),
    output: () => said,
    async stop() {
      await Promise.all(children.map(async (child) => {
        if (child.exitCode !== null || child.signalCode !== null) return
        child.kill("SIGKILL")
        await once(child, "exit")
      }))
      await rm(dir, { recursive: true })
    },
  }
}
