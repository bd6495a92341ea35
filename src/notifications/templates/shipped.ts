import { createHash } from "node:crypto"
import { readdir, readFile } from "node:fs/promises"
import { parse as parseYaml } from "yaml"
import type { TemplateStore } from "../../store/template-store.ts"
import { readTemplate, templateName } from "./template.ts"

/** The templates that come with the program, put into the store where nobody has put one of that name by hand. Every process may do so at its start. */
const folder = new URL("../../../config/notification-templates/", import.meta.url)

export interface ShippedTemplate {
  readonly name: string
  readonly document: object
  readonly sha256: Uint8Array
}

/** Throws for a file that is no template: it came with the program. */
export async function shippedTemplates(): Promise<readonly ShippedTemplate[]> {
  const files = (await readdir(folder)).filter((name) => name.endsWith(".yaml")).toSorted()
  return Promise.all(files.map(async (file) => {
    const text = await readFile(new URL(file, folder), "utf8")
    const document: unknown = parseYaml(text)
    const name = templateName.parse(file.slice(0, -".yaml".length))
    const template = readTemplate(document)
    if (!template.ok) throw new Error(`${file}: ${template.failure.map(({ pointer, detail }) => `${pointer} ${detail}`).join("; ")}`)
    return { name, document: template.value.document, sha256: createHash("sha256").update(text).digest() }
  }))
}

export async function shipTemplates(templates: Pick<TemplateStore, "ship">): Promise<void> {
  for (const shipped of await shippedTemplates()) await templates.ship({ ...shipped, by: "shipped" })
}
