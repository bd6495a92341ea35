import { mkdirSync } from "node:fs"
import { enableCompileCache } from "node:module"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { parseArgs } from "node:util"
import { compileCacheOf, describeProblems, loadConfig } from "./config/load.ts"
import { isRoleName, roleNames } from "./roles/role.ts"

/**
 * `npm start`: the supervisor, or one role of the system when `--role` names it. Nothing is done here but reading the command
 * line and the configuration; roles/supervisor.ts and roles/run-role.ts do the rest.
 */
const usage = `usage: npm start -- [--config FILE] [--data-dir DIR] [--role ${roleNames.join("|")}]

  --config    YAML file; every key: docs/configuration.md (default: config/default.yaml)
  --data-dir  folder of everything that must last (default: data)
  --role      run this part alone, with DATABASE_URL and REDIS_URL (default: the whole system)
`

async function main(): Promise<number | undefined> {
  const options = readArguments()
  if (typeof options === "string") {
    process.stderr.write(`${options}\n\n${usage}`)
    return 2
  }
  if (options.help) {
    process.stdout.write(usage)
    return 0
  }
  const { role } = options
  if (role !== undefined && !isRoleName(role)) {
    process.stderr.write(`congthu: there is no role "${role}"\n\n${usage}`)
    return 2
  }
  const loaded = loadConfig({ file: options.config, dataDir: options["data-dir"] })
  if (!loaded.ok) {
    process.stderr.write(`congthu: the configuration has errors\n${describeProblems(loaded.failure)}\n`)
    return 2
  }
  const { config, file } = loaded.value
  mkdirSync(join(config.dataDir, "run"), { recursive: true, mode: 0o700 })
  // parsed and stripped modules are kept: a later start loads them in half the time
  enableCompileCache(compileCacheOf(config))
  if (role !== undefined) {
    const { runRole } = await import("./roles/run-role.ts")
    await runRole(role, Number(options.number), config)
    return undefined
  }
  const { supervise } = await import("./roles/supervisor.ts")
  return supervise({ loaded: loaded.value, script: fileURLToPath(import.meta.url), args: ["--config", file, "--data-dir", config.dataDir] })
}

function readArguments() {
  try {
    const { values } = parseArgs({
      options: { config: { type: "string" }, "data-dir": { type: "string" }, role: { type: "string" }, number: { type: "string", default: "1" }, help: { type: "boolean", short: "h", default: false } },
    })
    return values
  } catch (error) {
    return `congthu: ${error instanceof Error ? error.message : String(error)}`
  }
}

// a terminal that has gone must not end what runs behind it
for (const stream of [process.stdout, process.stderr]) stream.on("error", () => undefined)
const code = await main()
if (code !== undefined) process.exit(code)
