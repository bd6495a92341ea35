import type { Server, Socket } from "node:net"
import { clientNetwork } from "../accounts/login-throttle.ts"
import { type ConnectionLimits, createConnectionGate } from "../base/connection-gate.ts"

/** Lets a server hold so many connections, and so many of one client network: counted before TLS, whose handshake costs us more than whoever begins it. */
export function boundConnections(server: Server, limits: Omit<ConnectionLimits, "proxies">): void {
  const gate = createConnectionGate({ ...limits, proxies: [] })
  server.on("connection", (socket: Socket) => {
    const network = clientNetwork(socket.remoteAddress ?? "")
    if (gate.enter(network) !== "ok") return void socket.destroy()
    socket.once("close", () => gate.leave(network))
  })
}
