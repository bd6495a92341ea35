import { execFile, spawnSync } from "node:child_process"
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { promisify } from "node:util"

/** What dkimpy, another implementation, says of messages. Key records come from a table, so it asks no DNS. */
export interface PythonVerdict {
  /** Of each DKIM-Signature, the topmost first. */
  readonly dkim: readonly boolean[]
  /** `cv` of the chain as dkimpy finds it: "none", "pass", "fail". */
  readonly arc: string
}

const python = "/usr/bin/python3"

export const pythonDkimUnavailable = (): string | undefined => {
  if (spawnSync(python, ["-c", "import authres, dkim, nacl"]).status === 0) return undefined
  const reason = "no dkimpy: signatures are not shown to another implementation (apt-get install python3-dkim python3-nacl python3-authres)"
  console.warn(reason)
  return reason
}

const script = `
import base64, dkim, json, sys
work = json.load(open(sys.argv[1]))
records = {name + ".": text.encode() for name, text in work["records"].items()}
def dns(name, timeout=5):
    return records.get(name.decode() if isinstance(name, bytes) else name)
def one(message):
    signatures = sum(1 for line in message.split(b"\\r\\n\\r\\n")[0].lower().split(b"\\r\\n") if line.startswith(b"dkim-signature:"))
    results = []
    for index in range(signatures):
        try:
            results.append(dkim.DKIM(message).verify(idx=index, dnsfunc=dns))
        except dkim.DKIMException as error:
            results.append(False)
    cv, sets, reason = dkim.arc_verify(message, dnsfunc=dns)
    return {"dkim": results, "arc": cv.decode() if cv else "none"}
json.dump([one(base64.b64decode(message)) for message in work["messages"]], sys.stdout)
`

export async function pythonVerdicts(messages: readonly Buffer[], records: Readonly<Record<string, string>>): Promise<readonly PythonVerdict[]> {
  const dir = await mkdtemp(join(tmpdir(), "congthu-dkim-"))
  try {
    await writeFile(join(dir, "work.json"), JSON.stringify({ records, messages: messages.map((message) => message.toString("base64")) }))
    const { stdout } = await promisify(execFile)(python, ["-c", script, join(dir, "work.json")], { maxBuffer: 1 << 24 })
    return JSON.parse(stdout) as readonly PythonVerdict[]
  } finally {
    await rm(dir, { recursive: true })
  }
}

const sealScript = `
import dkim, json, sys
work = json.load(open(sys.argv[1]))
message = open(sys.argv[2], "rb").read()
fields = dkim.arc_sign(message, work["selector"].encode(), work["domain"].encode(), work["key"].encode(), work["authservId"].encode(), include_headers=[b"from", b"to", b"subject", b"date", b"message-id"])
sys.stdout.buffer.write(b"".join(fields) + message)
`

/** The message under the first ARC set of a sealer (RFC 8617 §5.1); it must have an Authentication-Results field of `authservId`. */
export async function pythonArcSeal(message: Buffer, sealer: { readonly domain: string; readonly selector: string; readonly authservId: string; readonly key: string }): Promise<Buffer> {
  const dir = await mkdtemp(join(tmpdir(), "congthu-dkim-"))
  try {
    await Promise.all([writeFile(join(dir, "work.json"), JSON.stringify(sealer), { mode: 0o600 }), writeFile(join(dir, "message"), message)])
    const { stdout } = await promisify(execFile)(python, ["-c", sealScript, join(dir, "work.json"), join(dir, "message")], { encoding: "buffer", maxBuffer: 1 << 24 })
    return stdout
  } finally {
    await rm(dir, { recursive: true })
  }
}
