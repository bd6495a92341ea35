import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"

/**
 * Every process of a test run (its workers, the systems and the commands they start) keeps its parsed and stripped modules in one
 * folder: the first of its kind fills it, the others start in a third of the time. It is the run's own, as nothing ever removes what is old.
 */
export default async function setup(): Promise<() => Promise<void>> {
  const dir = await mkdtemp(join(tmpdir(), "congthu-compiled-"))
  process.env[variable] = dir
  return () => rm(dir, { recursive: true, force: true })
}

const variable = "NODE_COMPILE_CACHE"

/** For children that are given an environment of their own. */
export const compileCache = (): Readonly<Record<string, string>> => {
  const dir = process.env[variable]
  return dir === undefined ? {} : { [variable]: dir }
}
