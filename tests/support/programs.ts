import { mkdtemp, rm } from "node:fs/promises"
import { fileURLToPath } from "node:url"
import { build } from "rolldown"
import { buildInto, programs } from "../../config/rolldown.config.ts"

/**
 * The programs as an installation has them, built for this run alone: systems and commands that tests start are the image's, and start sooner.
 * tests/platform/start.test.ts runs the sources, as `npm start` does.
 */
export async function buildPrograms(): Promise<() => Promise<void>> {
  const folder = await mkdtemp(fileURLToPath(new URL("../../dist-tests-", import.meta.url)))
  await build(buildInto(folder))
  process.env[variable] = folder
  return () => rm(folder, { recursive: true, force: true })
}

export default buildPrograms

const variable = "TEST_PROGRAMS"

export const sourceOf = (name: keyof typeof programs): string => fileURLToPath(new URL(`../../${programs[name]}`, import.meta.url))

/** The script of a program; its source where nothing was built. */
export function program(name: keyof typeof programs): string {
  const folder = process.env[variable]
  return folder === undefined ? sourceOf(name) : `${folder}/${name}.js`
}
