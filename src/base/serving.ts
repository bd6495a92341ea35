import { once } from "node:events"
import type { Server } from "node:http"
import type { AddressInfo } from "node:net"

/** An HTTP or HTTPS server that listens. */
export interface Serving {
  readonly port: number
  /** Ends at once: connections that are open are closed. */
  close(): Promise<void>
}

/** Resolves when `server` listens there; port 0 takes a free one. Rejects when the port cannot be had. */
export async function serve(server: Server, { host, port }: { readonly host: string; readonly port: number }): Promise<Serving> {
  server.listen(port, host)
  await once(server, "listening")
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      server.closeAllConnections()
      await closed
    },
  }
}
