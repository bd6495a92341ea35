import { once } from "node:events"
import { connect, type Socket } from "node:net"
import { afterAll, beforeAll, expect, test } from "vitest"
import { processesOf } from "../../src/roles/shared-ports.ts"
import { health, killNow, launch, newDataDir, removeDataDir, until } from "../support/running-system.ts"
import { newSeededFolder } from "../support/seeded-folder.ts"
import { startTestSystem, type TestSystem } from "../support/system.ts"

const roles = ["smtp", "imap", "web", "worker", "smtp-2", "imap-2"]
let system: TestSystem
beforeAll(async () => {
  system = await startTestSystem({ dataDir: await newSeededFolder(), env: { CONGTHU_SMTP_PROCESSES: "2", CONGTHU_IMAP_PROCESSES: "2" } })
  await until(async () => (await health(system.ports)).ok, 30_000)
}, 90_000)
afterAll(async () => {
  await system.stop()
  await system.remove()
})

const greeted = async (port: number): Promise<Socket> => {
  const socket = connect(port, "127.0.0.1")
  await once(socket, "data")
  return socket
}

test("each process speaks for itself", async () => {
  expect((await health(system.ports)).roles.map(({ role }) => role)).toEqual(roles)
  expect([...system.processes().keys()].filter((name) => name !== "postgres").toSorted()).toEqual(roles.toSorted())
})

test("two processes share the connections; when one is killed the other serves on, and it comes back", async () => {
  for (const role of ["imap", "smtp"] as const) {
    const port = system.ports[role]
    const sockets = await Promise.all(Array.from({ length: 40 }, () => greeted(port)))
    const ended = new Set<Socket>()
    for (const socket of sockets) {
      socket.on("error", () => undefined)
      socket.on("close", () => ended.add(socket))
    }
    const killed = system.processes().get(`${role}-2`)
    killNow(killed)
    await until(() => ended.size > 0, 10_000)
    // the kernel gives a connection to the one that ends until its socket is closed, and resets it then
    await until(() => greeted(port).then((socket) => socket.destroy().destroyed, () => false), 10_000)
    expect(ended.size).toBeLessThan(sockets.length)
    for (const socket of sockets) socket.destroy()
    await until(async () => (await health(system.ports)).ok, 15_000)
    expect(system.processes().get(`${role}-2`)).not.toBe(killed)
  }
})

test("a second system is told that the ports are taken, instead of sharing them", async () => {
  const dataDir = await newDataDir()
  const second = launch(dataDir, { env: { CONGTHU_LISTEN_IMAP: String(system.ports.imap), CONGTHU_IMAP_PROCESSES: "2", CONGTHU_DEMO_SEED: "false" } })
  const [code] = (await once(second, "exit")) as [number | null]
  expect(code).toBe(1)
  expect(second.output()).toContain(`EADDRINUSE: address already in use 127.0.0.1:${system.ports.imap}`)
  await removeDataDir(dataDir)
})

test("how many processes a role has", () => {
  const config = (smtp: number, imap: number) => ({ smtp: { processes: smtp }, imap: { processes: imap } }) as Parameters<typeof processesOf>[1]
  expect(processesOf("smtp", config(0, 0))).toBe(1)
  expect(processesOf("smtp", config(3, 0))).toBe(3)
  expect(processesOf("imap", config(1, 99))).toBe(32)
  expect(processesOf("imap", config(1, 0))).toBeGreaterThanOrEqual(1)
  expect(processesOf("imap", config(1, 0))).toBeLessThanOrEqual(4)
  expect(processesOf("worker", config(3, 3))).toBe(1)
})
