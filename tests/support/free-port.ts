import { randomInt } from "node:crypto"
import { once } from "node:events"
import { createServer } from "node:net"

/** Below those that the kernel gives to whoever asks for any (Linux: from 32,768 on): a server that is killed finds its port again as it left it. */
const lowest = 20_000
const beyond = 32_000

/** A port that is free on every loopback address now, for servers that cannot be told to choose one. */
export async function freeLoopbackPort(): Promise<number> {
  for (;;) {
    const port = randomInt(lowest, beyond)
    const server = createServer().listen(port, "0.0.0.0")
    try {
      await once(server, "listening")
    } catch (error) {
      if (error instanceof Error && "code" in error && error.code === "EADDRINUSE") continue
      throw error
    }
    server.close()
    await once(server, "close")
    return port
  }
}
