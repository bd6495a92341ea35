import { createInterface } from "node:readline/promises"
import { Writable } from "node:stream"
import { normalPassword, passwordProblem } from "../accounts/credential.ts"
import { createPasswordWork } from "../accounts/password-work.ts"
import { createCredentialStore } from "../store/sql/credentials.ts"
import { loadDirectory } from "../store/sql/directory.ts"
import { CommandError, type CommandContext, exitCodes, say } from "./context.ts"
import { findAccount } from "./find-account.ts"

/** `congthu password set ADDRESS`: the password is asked for twice, or is the first line of standard input; never an argument, which others could see. */
export async function setPassword({ config, database }: CommandContext, address: string, options: { readonly stdin?: boolean }): Promise<number> {
  const account = findAccount(await loadDirectory(database), address)
  const password = options.stdin ? await firstLine() : await askTwice()
  const problem = passwordProblem(password)
  if (problem !== undefined) throw new CommandError(problem)
  await createCredentialStore(database).setPassword(account.id, await createPasswordWork({ cost: config.auth.bcryptCost }).hash(password))
  say(`The password of ${account.address} is set.`)
  return exitCodes.ok
}

const maxInputBytes = 4096

async function firstLine(): Promise<string> {
  let text = ""
  process.stdin.setEncoding("utf8")
  for await (const chunk of process.stdin) {
    text += String(chunk)
    if (text.includes("\n") || text.length > maxInputBytes) break
  }
  return (text.split("\n")[0] ?? "").replace(/\r$/, "")
}

async function askTwice(): Promise<string> {
  if (!process.stdin.isTTY) throw new CommandError("there is no terminal to ask at; give the password on standard input with --stdin")
  const first = await ask("New password: ")
  const second = await ask("Again: ")
  if (normalPassword(first) !== normalPassword(second)) throw new CommandError("the two are not the same; nothing was changed")
  return first
}

/** What is typed is not shown. */
async function ask(prompt: string): Promise<string> {
  process.stderr.write(prompt)
  const lines = createInterface({ input: process.stdin, output: new Writable({ write: (_chunk, _encoding, done) => done() }), terminal: true })
  try {
    return await lines.question("")
  } finally {
    lines.close()
    process.stderr.write("\n")
  }
}
