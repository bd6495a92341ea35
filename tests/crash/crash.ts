import { parseArgs } from "node:util"
import { buildPrograms } from "../support/programs.ts"
import { runCrash } from "./crash-run.ts"

/** `npm run test:crash`: fifty kills, with Redis and without. Exit code 1 when anything was lost, doubled, changed or left over. */
const { values } = parseArgs({ options: { kills: { type: "string", default: "50" }, seed: { type: "string", default: String(Math.trunc(performance.timeOrigin) % 1e9) }, redis: { type: "string", default: "both" }, rest: { type: "string" } } })
const removePrograms = await buildPrograms()
let failed = false
for (const withRedis of values.redis === "both" ? [true, false] : [values.redis === "yes"]) {
  console.log(`seed ${values.seed}, ${withRedis ? "with Redis" : "without Redis"}`)
  const result = await runCrash({ kills: Number(values.kills), seed: Number(values.seed), withRedis, say: console.log, ...(values.rest !== undefined && { restMs: Number(values.rest) }) })
  console.log(`${result.sent} messages sent, ${result.acknowledged} acknowledged, ${result.delivered} delivered, ${result.rounds} rounds of reading; killed: ${Object.entries(result.kills).map(([name, count]) => `${name} ${count}`).join(", ")}`)
  for (const problem of result.problems) console.error(`  ${problem}`)
  console.log(result.problems.length === 0 ? "nothing lost, nothing doubled, nothing left over" : `${result.problems.length} problems`)
  failed ||= result.problems.length > 0
}
await removePrograms()
process.exit(failed ? 1 : 0)
