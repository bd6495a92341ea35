import { execFileSync, spawnSync } from "node:child_process"

/**
 * Two ends of a wire: ours in a network namespace of its own, the rest of the world here. Loopback addresses will not do, because mail for an address of the
 * machine itself would come back (RFC 5321 §5.1), and the product refuses to send it there. Addresses are of 198.18.0.0/15 (RFC 2544 §C.2.2) and 2001:db8::/32.
 */
export interface TestNetwork {
  /** As `ip netns` knows it. */
  readonly namespace: string
  /** Our address. */
  readonly ours: string
  /** A host of the rest of the world, 1 to `lastHost`; all of them are there. 1 is where tests call from. */
  world(host: number): string
  world6(host: number): string
  close(): void
}

/** Enough for everybody. */
const lastHost = 60

const path = `${process.env["PATH"] ?? ""}:/usr/sbin:/usr/bin:/sbin`
const ip = (...args: readonly string[]): void => void execFileSync("ip", args, { env: { PATH: path }, stdio: ["ignore", "ignore", "pipe"] })

/** Why it cannot be made here, undefined when it can. */
export function networkUnavailable(): string | undefined {
  if (process.getuid?.() !== 0) return "not root: tests on a network of their own are skipped"
  const name = `congthu-try-${process.pid}`
  const made = spawnSync("ip", ["netns", "add", name], { env: { PATH: path }, encoding: "utf8" })
  if (made.status === 0) ip("netns", "del", name)
  return made.status === 0 ? undefined : `no network namespaces: tests on a network of their own are skipped (${made.error?.message ?? made.stderr.trim()})`
}

export function startTestNetwork(): TestNetwork {
  const id = process.pid
  const namespace = `congthu-${id}`
  // one network for each process that has one
  const net = `198.${18 + ((id >> 8) & 1)}.${id & 255}`
  const net6 = `2001:db8:${(id & 0xffff).toString(16)}:`
  const [here, there] = [`ct${id}a`, `ct${id}b`]
  ip("netns", "add", namespace)
  try {
    ip("link", "add", here, "type", "veth", "peer", "name", there, "netns", namespace)
    for (let host = 1; host <= lastHost; host++) {
      ip("addr", "add", `${net}.${host}/24`, "dev", here)
      ip("addr", "add", `${net6}:${host}/64`, "dev", here, "nodad")
    }
    ip("link", "set", here, "up")
    ip("-n", namespace, "addr", "add", `${net}.200/24`, "dev", there)
    ip("-n", namespace, "addr", "add", `${net6}:200/64`, "dev", there, "nodad")
    ip("-n", namespace, "link", "set", there, "up")
    ip("-n", namespace, "link", "set", "lo", "up")
  } catch (error) {
    ip("netns", "del", namespace)
    throw error
  }
  return {
    namespace,
    ours: `${net}.200`,
    world: (host) => `${net}.${host}`,
    world6: (host) => `${net6}:${host}`,
    // the wire goes with it
    close: () => ip("netns", "del", namespace),
  }
}
