import { type ChildProcess, execFile, spawn, spawnSync } from "node:child_process"
import { once } from "node:events"
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { setTimeout as wait } from "node:timers/promises"
import { promisify } from "node:util"
import { systemClock } from "../../src/base/clock.ts"
import type { DnsResolver } from "../../src/dns/resolver.ts"
import { createStubResolver } from "../../src/dns/stub-resolver.ts"
import { freeLoopbackPort } from "./free-port.ts"

/** A DNS of its own: Knot is the authority for the zones and signs them, Unbound resolves and validates. Nobody else is ever asked. */
export interface DnsWorld {
  /** `address:port` of the validating resolver, as `dns.servers` takes it. */
  readonly server: string
  readonly port: number
  resolver(): DnsResolver
  /** Another content of a zone, seen at once: nothing is remembered by either server. */
  setZone(name: string, records: string): Promise<void>
  stop(): Promise<void>
}

export interface DnsZones {
  /** Zone name → records in the notation of zone files; names without a dot at their end are relative. SOA and NS are added. */
  readonly signed?: Readonly<Record<string, string>>
  readonly unsigned?: Readonly<Record<string, string>>
  /** Signed, with signatures that the resolver cannot trust: its anchor for them is another key's. */
  readonly bogus?: Readonly<Record<string, string>>
}

const path = `${process.env["PATH"] ?? ""}:/usr/sbin:/usr/bin`
const exec = promisify(execFile)

/** Why tests on it cannot run here, undefined when they can. */
export const dnsUnavailable = (): string | undefined => {
  const missing = ["knotd", "keymgr", "knotc", "unbound"].filter((program) => spawnSync(program, ["-V"], { env: { PATH: path } }).error !== undefined)
  if (missing.length === 0) return undefined
  const reason = `no ${missing.join(", ")} on PATH: tests on a real DNS are skipped (apt-get install knot unbound)`
  console.warn(reason)
  return reason
}

/** Key tag and digest of nobody's key. */
const foreignAnchor = `12345 13 2 ${"ab".repeat(32)}`

/** `at`: where the resolver answers, for those who can be told an address and no port; absent: a free port of 127.0.0.1. */
export async function startDns({ signed = {}, unsigned = {}, bogus = {} }: DnsZones, at?: { readonly address: string; readonly port: number }): Promise<DnsWorld> {
  const dir = await mkdtemp(join(tmpdir(), "congthu-dns-"))
  const file = (name: string): string => join(dir, name)
  const authorityPort = await freeLoopbackPort()
  const { address, port } = at ?? { address: "127.0.0.1", port: await freeLoopbackPort() }
  const zones = { ...signed, ...unsigned, ...bogus }
  const isSigned = (name: string): boolean => name in signed || name in bogus
  let serial = 1
  const writeZone = (name: string, records: string): Promise<void> =>
    writeFile(file(`${name}.zone`), `$ORIGIN ${name}.\n$TTL 0\n@ SOA ns.${name}. root.${name}. ${serial++} 3600 600 86400 0\n@ NS ns.${name}.\nns A 127.0.0.1\n${records}\n`)
  await mkdir(file("run"))
  await Promise.all(Object.entries(zones).map(([name, records]) => writeZone(name, records)))
  await writeFile(file("knot.conf"), [
    `server:\n    rundir: ${file("run")}\n    listen: 127.0.0.1@${authorityPort}`,
    `database:\n    storage: ${dir}`,
    "policy:\n  - id: quick\n    algorithm: ecdsap256sha256\n    single-type-signing: on\n    dnskey-ttl: 0\n    nsec3: on",
    `zone:\n${Object.keys(zones).map((name) => `  - domain: ${name}\n    storage: ${dir}\n    file: ${name}.zone\n    zonefile-sync: -1\n    zonefile-load: difference-no-serial\n    journal-content: all\n${isSigned(name) ? "    dnssec-signing: on\n    dnssec-policy: quick\n" : ""}`).join("")}`,
  ].join("\n"))
  const cleared = async (error: unknown): Promise<never> => {
    await rm(dir, { recursive: true, force: true })
    throw error
  }
  await Promise.all(Object.keys(zones).map((name) => checkZone(file("knot.conf"), name))).catch(cleared)
  const knot = await startServer("knotd", ["-c", file("knot.conf")], () => knotAnswers(file("knot.conf")))
  const anchors = await Promise.all(Object.keys({ ...signed, ...bogus }).map(async (name) => {
    const { stdout } = await exec("keymgr", ["-c", file("knot.conf"), name, "ds"], { env: { PATH: path } })
    const anchor = name in bogus ? foreignAnchor : stdout.split("\n").map((line) => line.split(" DS ")[1]).find((ds) => ds?.split(" ")[2] === "2")
    return `  trust-anchor: "${name}. DS ${anchor}"`
  }))
  await writeFile(file("unbound.conf"), [
    "server:", `  directory: "${dir}"`, `  interface: ${address}@${port}`, "  do-daemonize: no", '  chroot: ""', '  username: ""', '  pidfile: ""', "  use-syslog: no", '  logfile: ""',
    '  module-config: "validator iterator"', "  do-not-query-localhost: no", "  access-control: 127.0.0.0/8 allow", `  access-control: ${address}/24 allow`, "  cache-max-ttl: 0", "  cache-max-negative-ttl: 0", "  val-bogus-ttl: 0", "  infra-host-ttl: 0",
    "  num-threads: 1", "  so-reuseport: no",
    ...["test.", "example.", "localhost.", "127.in-addr.arpa.", "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.ip6.arpa."].map((name) => `  local-zone: "${name}" nodefault`),
    ...Object.keys(unsigned).map((name) => `  domain-insecure: "${name}."`), ...anchors,
    ...Object.keys(zones).flatMap((name) => ["stub-zone:", `  name: "${name}."`, `  stub-addr: 127.0.0.1@${authorityPort}`]),
    // whoever is not a zone here does not exist, and the root is never asked
    "auth-zone:", '  name: "."', `  zonefile: "${file("root.zone")}"`, "  for-downstream: no", "  for-upstream: yes", "  fallback-enabled: no",
    "remote-control:", "  control-enable: no", "",
  ].join("\n"))
  await writeFile(file("root.zone"), ". 0 IN SOA a. b. 1 3600 600 86400 0\n. 0 IN NS a.\na. 0 IN A 127.0.0.1\n")
  const server = { address, port }
  const resolver = (): DnsResolver => createStubResolver({ servers: [server], trustAuthenticData: true, clock: systemClock })
  const [someZone = ""] = Object.keys(zones)
  const unbound = await startServer("unbound", ["-d", "-c", file("unbound.conf")], async () => (await resolver().resolve(`ns.${someZone}`, "A")).kind !== "failed" || someZone in bogus).catch(async (error: unknown) => {
    await knot.stop()
    return cleared(error)
  })
  return {
    server: `${address}:${port}`,
    port,
    resolver,
    async setZone(name, records) {
      await writeZone(name, records)
      await checkZone(file("knot.conf"), name)
      await exec("knotc", ["-b", "-c", file("knot.conf"), "zone-reload", name], { env: { PATH: path } })
    },
    async stop() {
      await Promise.all([unbound.stop(), knot.stop()])
      await rm(dir, { recursive: true, force: true })
    },
  }
}

const knotAnswers = (config: string): Promise<boolean> => exec("knotc", ["-c", config, "status"], { env: { PATH: path } }).then(() => true, () => false)

/** Knot starts with a zone that it cannot read, and answers nothing for it. Rejects with what is wrong, and in which line. */
async function checkZone(config: string, name: string): Promise<void> {
  try {
    await exec("knotc", ["-c", config, "zone-check", name], { env: { PATH: path } })
  } catch (error) {
    const said = error instanceof Error && "stderr" in error && "stdout" in error ? `${String(error.stdout)}${String(error.stderr)}` : String(error)
    throw new Error(`the zone ${name} cannot be read: ${said.trim()}`, { cause: error })
  }
}

/** Of a machine that is busy with other tests. */
const patienceMs = 45_000

async function startServer(program: string, args: readonly string[], ready: () => Promise<boolean>): Promise<{ stop(): Promise<void> }> {
  const child: ChildProcess = spawn(program, args, { env: { PATH: path }, stdio: ["ignore", "pipe", "pipe"] })
  let said = ""
  for (const stream of [child.stdout, child.stderr]) stream?.on("data", (chunk: Buffer) => (said = `${said}${chunk.toString()}`.slice(-4_000)))
  const begun = Date.now()
  while (!(await ready())) {
    if (child.exitCode !== null) throw new Error(`${program} ended at its start: ${said}`)
    if (Date.now() - begun > patienceMs) {
      child.kill("SIGKILL")
      throw new Error(`${program} did not answer within ${patienceMs / 1_000} s: ${said}`)
    }
    await wait(20)
  }
  return {
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return
      const exited = once(child, "exit")
      child.kill("SIGTERM")
      await exited
    },
  }
}
