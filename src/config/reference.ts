import { realpathSync, writeFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { type ConfigKey, configKeys } from "./keys.ts"

/** docs/configuration.md, made from the schema; `npm run docs` writes it, a test says when that was forgotten. Pure but for its last lines. */
export const referenceFile = fileURLToPath(new URL("../../docs/configuration.md", import.meta.url))

export function configurationReference(): string {
  const sections = Map.groupBy(configKeys, (key) => (key.path.length > 1 ? (key.path[0] ?? "") : ""))
  return `${[
    "# Configuration",
    "",
    "Made from `src/config/schema.ts` by `npm run docs`; do not edit.",
    "",
    "Three sources, each over the one before: the YAML file (`--config`, by default `config/default.yaml`), the environment, and `--data-dir` on the command line.",
    "`DATABASE_URL` and `REDIS_URL` mean the same as `CONGTHU_DATABASE_URL` and `CONGTHU_REDIS_URL`. A variable with `_FILE` behind its name gives the path of a file that holds the value, for secrets.",
    "A key or a `CONGTHU_` variable that is not in this list, or a value that does not fit, stops the start with the file and line or the variable's name.",
    "",
    "Durations are written as `500ms`, `30s`, `5m`, `2h`, `1d`; sizes as `512B`, `64KiB`, `25MiB`, `1GiB`; lists as YAML lists, or with commas in the environment.",
    "",
    "With `NODE_ENV=production` these are refused: the embedded PostgreSQL, the development CAs, keys made by the first start, the demonstration seed, and a `hostname` on a reserved domain.",
    ...[...sections].flatMap(([name, keys]) => ["", `## ${name || "general"}`, "", "| key | variable | type | default | meaning |", "|---|---|---|---|---|", ...keys.map(row)]),
    "",
  ].join("\n")}`
}

function row(key: ConfigKey): string {
  const fallback = Array.isArray(key.fallback) ? key.fallback.join(", ") : String(key.fallback)
  return `| \`${key.path.join(".")}\` | \`${key.variable}\` | ${key.type}${key.secret ? ", secret" : ""} | ${fallback === "" ? "empty" : `\`${fallback}\``} | ${key.sentence.replaceAll("|", "\\|")} |`
}

if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) writeFileSync(referenceFile, configurationReference())
