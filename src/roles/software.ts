import { readFileSync } from "node:fs"

const { name, version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as { readonly name: string; readonly version: string }

/** As evidence names the program that decided. */
export const softwareName = `${name} ${version}`
