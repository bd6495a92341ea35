import { CmsError } from "../cms/cms-error.ts"

/** The octets of a part that is a CMS object (RFC 8551 §3.1.2: base64, or none where the transport is binary). Throws `CmsError`. */
export async function* decodeTransfer(chunks: AsyncIterable<Uint8Array>, encoding: string): AsyncGenerator<Uint8Array> {
  if (encoding === "base64") {
    const decoder = new StrictBase64()
    for await (const chunk of chunks) yield decoder.push(chunk)
    decoder.finish()
  } else if (encoding === "7bit" || encoding === "8bit" || encoding === "binary") yield* chunks
  else throw new CmsError("malformed", `transfer encoding ${encoding}`)
}

const digits = /^[A-Za-z0-9+/]*$/
const white = /[\t\r\n ]+/g

/**
 * RFC 2045 §6.8 tells readers to skip what is no digit and leaves open what follows padding; readers differ. What only some of them would
 * see must not be called signed, so both are refused.
 */
class StrictBase64 {
  /** Fewer than four digits that wait for the rest. */
  private held = ""
  private padded = false

  push(chunk: Uint8Array): Buffer {
    const text = this.held + Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength).toString("latin1").replace(white, "")
    if (text === "") return Buffer.alloc(0)
    if (this.padded) throw new CmsError("malformed", "base64 behind its end")
    const whole = text.length - (text.length % 4)
    this.held = text.slice(whole)
    const quads = text.slice(0, whole)
    const padding = quads.indexOf("=")
    if (padding !== -1) {
      if (padding < whole - 2 || !(quads.endsWith("=") && quads.slice(padding).replaceAll("=", "") === "") || this.held !== "") throw new CmsError("malformed", "base64 behind its end")
      this.padded = true
    }
    if (!digits.test(padding === -1 ? quads : quads.slice(0, padding))) throw new CmsError("malformed", "no base64")
    return Buffer.from(quads, "base64")
  }

  finish(): void {
    if (this.held !== "") throw new CmsError("malformed", "base64 is cut short")
  }
}
