import { once } from "node:events"
import { createServer, type Socket } from "node:net"

/** A policy service as Postfix asks one at RCPT (SMTPD_POLICY_README): attributes in, an action of access(5) out. */
export interface PostfixPolicy {
  close(): Promise<void>
}

export async function startPostfixPolicy(at: { readonly host: string; readonly port: number }, decide: (attributes: ReadonlyMap<string, string>) => string): Promise<PostfixPolicy> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on("error", () => undefined).once("close", () => sockets.delete(socket))
    let text = ""
    socket.on("data", (chunk: Buffer) => {
      text += chunk.toString("utf8")
      for (let end = text.indexOf("\n\n"); end >= 0; end = text.indexOf("\n\n")) {
        const pairs = text.slice(0, end).split("\n").map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)] as const)
        text = text.slice(end + 2)
        socket.write(`action=${decide(new Map(pairs))}\n\n`)
      }
    })
  })
  server.listen(at.port, at.host)
  await once(server, "listening")
  return {
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        for (const socket of sockets) socket.destroy()
      }),
  }
}
