import type SMTPConnection from "nodemailer/lib/smtp-connection"

/**
 * A reply that has begun ends within its time. nodemailer's own timer begins anew with every byte, so a server that says one now and then
 * would keep the session for days (RFC 5321 §4.5.3.2 gives the time for the whole reply).
 */
export function boundReplies(connection: SMTPConnection, timeoutMs: number): void {
  const onData: unknown = Reflect.get(connection, "_onData")
  const onError: unknown = Reflect.get(connection, "_onError")
  if (typeof onData !== "function" || typeof onError !== "function") throw new Error("this version of nodemailer has no _onData or _onError")
  let timer: NodeJS.Timeout | undefined
  const stop = (): void => {
    clearTimeout(timer)
    timer = undefined
  }
  Reflect.set(connection, "_onData", (chunk: Buffer): void => {
    Reflect.apply(onData, connection, [chunk])
    const isUnfinished = Reflect.get(connection, "_remainder") !== "" || Reflect.get(connection, "_responsePartial") === true
    if (!isUnfinished) stop()
    else timer ??= setTimeout(() => Reflect.apply(onError, connection, [new Error(`a reply did not end within ${timeoutMs / 1000} s`), "ETIMEDOUT", false, "CONN"]), timeoutMs)
  })
  connection.once("end", stop)
}
