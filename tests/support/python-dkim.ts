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
  if (spawnSync(python, ["-c", "import dkim, nacl"]).status === 0) return undefined
  const reason = "no dkimpy: signatures are not shown to another implementation (apt-get install python3-dkim python3-nacl)"
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
