import { gather } from "../../base/gather.ts"
import type { TemplateStore } from "../../store/template-store.ts"
import { readTemplate, type Template } from "./template.ts"

/** Templates ready to be filled. A version never changes, so it is read once; which one is the newest is asked each time. */
export interface TemplateSource {
  /** The newest version, or the one asked for; undefined: there is none. `template` undefined: what is stored cannot be used by this program any more. */
  find(name: string, version?: number): Promise<{ readonly version: number; readonly template: Template | undefined } | undefined>
}

/** More than are in use at once. */
const maxKnown = 200

export function createTemplateSource(templates: Pick<TemplateStore, "find" | "newestVersions">): TemplateSource {
  const known = new Map<string, Template | undefined>()
  const newest = gather((names: readonly string[]) => templates.newestVersions(names), { maxItems: 100, atOnce: 1 })
  return {
    async find(name, asked) {
      const version = asked ?? (await newest(name))
      if (version === undefined) return undefined
      const key = `${name} ${version}`
      if (!known.has(key)) {
        const stored = await templates.find(name, version)
        if (!stored) return undefined
        const read = readTemplate(stored.document)
        const [oldest] = known.keys()
        if (known.size >= maxKnown && oldest !== undefined) known.delete(oldest)
        known.set(key, read.ok ? read.value : undefined)
      }
      return { version, template: known.get(key) }
    },
  }
}
