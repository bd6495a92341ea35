import { spawn } from "node:child_process"
import { once } from "node:events"
import { Command, CommanderError } from "commander"
import { vi } from "vitest"
import type { CommandKit } from "../../src/cli/command-kit.ts"
import { exitCodes, withContext } from "../../src/cli/context.ts"
import { compileCache } from "./compile-cache.ts"
import { program } from "./programs.ts"

export interface CommandResult {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

export interface CommandsOptions {
  readonly databaseUrl: string
  readonly dataDir: string
  /** More of the configuration, as `CONGTHU_…`. */
  readonly env?: Readonly<Record<string, string>>
}

/** `congthu …` in a process of its own, as people call it: a second or two each. */
export async function runCongthu({ databaseUrl, dataDir, env = {} }: CommandsOptions, ...args: readonly string[]): Promise<CommandResult> {
  const script = program("congthu")
  const child = spawn(process.execPath, [script, "--data-dir", dataDir, ...args], { env: { PATH: process.env["PATH"], HOME: dataDir, ...compileCache(), CONGTHU_DATABASE_URL: databaseUrl, ...env }, stdio: ["ignore", "pipe", "pipe"] })
  const text = { out: "", err: "" }
  child.stdout.on("data", (chunk: Buffer) => (text.out += chunk.toString()))
  child.stderr.on("data", (chunk: Buffer) => (text.err += chunk.toString()))
  const [code] = (await once(child, "close")) as [number | null]
  return { code, ...text }
}

/** The same commands in this process: arguments are read, the configuration and the database opened, and errors told by the program's own code. One at a time: they write where this process writes. */
export function commandsHere(add: readonly ((kit: CommandKit) => void)[], { databaseUrl, dataDir, env = {} }: CommandsOptions): (...args: readonly string[]) => Promise<CommandResult> {
  return async (...args) => {
    let code: number = exitCodes.ok
    const program = new Command("congthu").exitOverride()
    // as `--data-dir` would
    program.setOptionValue("dataDir", dataDir)
    const kit: CommandKit = {
      program, command: (parent, usage) => parent.command(usage), finish: (done) => (code = done),
      run: (work) => async () => void (code = await withContext({ dataDir }, work)),
    }
    for (const one of add) one(kit)
    const text = { out: "", err: "" }
    const heard = (name: keyof typeof text) => (chunk: string | Uint8Array): boolean => ((text[name] += String(chunk)), true)
    for (const [name, value] of Object.entries({ CONGTHU_DATABASE_URL: databaseUrl, ...env })) vi.stubEnv(name, value)
    const spies = [vi.spyOn(process.stdout, "write").mockImplementation(heard("out")), vi.spyOn(process.stderr, "write").mockImplementation(heard("err"))]
    try {
      await program.parseAsync(args, { from: "user" })
    } catch (error) {
      if (!(error instanceof CommanderError)) throw error
      code = error.exitCode === 0 ? exitCodes.ok : exitCodes.usage
    } finally {
      for (const spy of spies) spy.mockRestore()
      vi.unstubAllEnvs()
    }
    return { code, ...text }
  }
}
