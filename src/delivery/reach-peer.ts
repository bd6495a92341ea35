import { connect, type Socket } from "node:net"

export interface SmtpPeer {
  /** Name for SNI and the certificate. */
  readonly name: string
  readonly address: string
  readonly port: number
}

/** Our own socket, so that the address tried is the one that routing chose. */
export const reachPeer = (peer: SmtpPeer, timeoutMs: number, signal: AbortSignal): Promise<Socket | Error> =>
  new Promise((resolve) => {
    if (signal.aborted) return resolve(new Error("stopped"))
    const socket = connect({ host: peer.address, port: peer.port })
    const settle = (result: Socket | Error): void => {
      clearTimeout(timer)
      signal.removeEventListener("abort", stop)
      if (result instanceof Error) socket.destroy()
      resolve(result)
    }
    const stop = (): void => settle(new Error("stopped"))
    const timer = setTimeout(() => settle(new Error(`no connection within ${timeoutMs / 1000} s`)), timeoutMs)
    signal.addEventListener("abort", stop, { once: true })
    // stays for the socket's life: an error between two owners must not end the process
    socket.on("error", settle)
    socket.once("connect", () => settle(socket))
  })
