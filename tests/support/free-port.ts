import { once } from "node:events"
import { createServer } from "node:net"

/** A port that is free on every loopback address now, for servers that cannot be told to choose one. */
export async function freeLoopbackPort(): Promise<number> {
  const server = createServer().listen(0, "0.0.0.0")
  await once(server, "listening")
  const found = server.address()
  server.close()
  await once(server, "close")
  if (found === null || typeof found === "string") throw new Error("no port")
  return found.port
}
