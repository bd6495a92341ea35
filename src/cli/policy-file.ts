import { readFile } from "node:fs/promises"
import { type CompiledPolicy, compilePolicy } from "../policy/compile-policy.ts"
import { describePolicyProblem, readPolicy } from "../policy/read-policy.ts"
import { CommandError, exitCodes, print, say } from "./context.ts"

/** A policy file on the command line: read, checked, its mistakes told as `FILE:LINE:COLUMN: …`, which editors understand. */
export interface PolicyFile {
  readonly yaml: string
  readonly policy: CompiledPolicy
}

export async function loadPolicyFile(file: string): Promise<PolicyFile> {
  const yaml = await readFile(file, "utf8").catch((error: unknown) => {
    throw new CommandError(`${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`)
  })
  const read = readPolicy(yaml)
  if (read.ok) return { yaml, policy: compilePolicy(read.value) }
  const told = read.failure.map((problem) => `${file}:${describePolicyProblem(problem)}`)
  throw new CommandError([...told, `${told.length} ${told.length === 1 ? "problem" : "problems"}: this policy cannot be used.`].join("\n"))
}

/** `congthu policy check FILE`: needs neither configuration nor database. */
export async function checkPolicy(file: string): Promise<number> {
  try {
    const { policy } = await loadPolicyFile(file)
    print(`${file}: good; ${policy.rules.length} ${policy.rules.length === 1 ? "rule" : "rules"}`)
    return exitCodes.ok
  } catch (error) {
    if (!(error instanceof CommandError)) throw error
    say(error.message)
    return exitCodes.failed
  }
}
