import { createHash } from "node:crypto"
import { existsSync, writeFileSync } from "node:fs"
import { threadId } from "node:worker_threads"
import { serveVerification } from "../../../src/pki/verify/serve-verification.ts"
import type { MessageSignature } from "../../../src/pki/signature-facts.ts"

/** A verifier that does what the message says; `sender` of its answer tells of the bytes it saw, `from` of the thread. */
serveVerification(async (message) => {
  const hash = createHash("sha256")
  let first = ""
  let bytes = 0
  for await (const chunk of message.read()) {
    if (bytes === 0) first = Buffer.from(chunk.subarray(0, 200)).toString("latin1")
    hash.update(chunk)
    bytes += chunk.length
  }
  const [word, file = ""] = first.split("\n")
  if (word === "spin") for (;;) hash.copy()
  if (word === "throw") throw new Error("a bug")
  if (word === "exit") process.exit(3)
  if (word === "exit once" && !existsSync(file)) {
    writeFileSync(file, "")
    process.exit(3)
  }
  if (word === "allocate") for (let all: object = {}; ; ) all = { all }
  if (word === "part") {
    // leaves the second read unfinished
    for await (const chunk of message.read({ start: 5, end: bytes })) {
      hash.update(chunk)
      break
    }
  }
  const answer: MessageSignature = {
    form: "none", problems: [], signers: [], certificates: [], revocationInfo: [], encryptedInside: false, tripleWrapped: false, headerProtection: "none",
    from: [String(threadId)], sender: [hash.digest("hex"), String(bytes), JSON.stringify(message.scanned?.headerFields ?? null)],
  }
  return answer
})
