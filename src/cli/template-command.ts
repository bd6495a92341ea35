import { readFile } from "node:fs/promises"
import { parse as parseYaml, stringify } from "yaml"
import { provinceTime } from "../delivery/story.ts"
import { shipTemplates } from "../notifications/templates/shipped.ts"
import { exampleData, notificationLanguages, readTemplate, type Template, templateName, type TemplateProblem } from "../notifications/templates/template.ts"
import { createTemplateStore } from "../store/sql/templates.ts"
import type { StoredTemplate } from "../store/template-store.ts"
import { administrator } from "./administrator.ts"
import type { CommandKit } from "./command-kit.ts"
import { CommandError, type CommandContext, exitCodes, print, say } from "./context.ts"
import { fitTable } from "./fit-table.ts"
import { numberOf } from "./queue-filter.ts"

/** `congthu template …`: what notifications say. */
interface VersionOptions {
  readonly templateVersion?: string
}

interface PreviewOptions extends VersionOptions {
  readonly data?: string
  readonly language: string
  readonly html?: boolean
}

export function addTemplateCommands({ program, command, run }: CommandKit): void {
  const template = program.command("template").description("templates of notifications (docs/notifications.md)")
  const version = ["--template-version <number>", "this version; the newest when absent"] as const
  command(template, "list")
    .description("list them: name, newest version, made, by, title")
    .action(run(listTemplates))
  command(template, "show <name>")
    .description("print one as YAML, fit for `template put`")
    .option(...version)
    .action((name: string, options: VersionOptions) => run((context) => showTemplate(context, name, options))())
  command(template, "preview <name>")
    .description("print what a notification by it says; nothing is sent")
    .option("--data <file>", "JSON of its fields; its examples when absent")
    .option("--language <words>", notificationLanguages.join(", "), "vi")
    .option("--html", "print its HTML")
    .option(...version)
    .action((name: string, options: PreviewOptions) => run((context) => previewTemplate(context, name, options))())
  command(template, "put <name> <file>")
    .description("check a YAML file and put it in force as the next version; what was asked for before keeps its version")
    .action((name: string, file: string) => run((context) => putTemplate(context, name, file))())
}

/** A system that never ran has no templates yet. */
async function storeOf({ database }: CommandContext): Promise<ReturnType<typeof createTemplateStore>> {
  const templates = createTemplateStore({ database })
  await shipTemplates(templates)
  return templates
}

async function listTemplates(context: CommandContext): Promise<number> {
  const templates = await (await storeOf(context)).list()
  print(fitTable(["NAME", "VERSION", "MADE", "BY", "TITLE"], templates.map(({ name, version, createdAt, createdBy, document }) => {
    const template = readTemplate(document)
    return [name, String(version), provinceTime(createdAt).slice(0, 19), createdBy, template.ok ? template.value.document.title.vi : "(cannot be used any more)"]
  })))
  return exitCodes.ok
}

async function showTemplate(context: CommandContext, name: string, { templateVersion }: VersionOptions): Promise<number> {
  process.stdout.write(stringify((await find(context, name, templateVersion)).stored.document, { lineWidth: 0 }))
  return exitCodes.ok
}

async function previewTemplate(context: CommandContext, name: string, { data, language, html = false, templateVersion }: PreviewOptions): Promise<number> {
  const { template } = await find(context, name, templateVersion)
  const chosen = notificationLanguages.find((one) => one === language)
  if (!chosen) throw new CommandError(`"${language}" is none of ${notificationLanguages.join(", ")}`)
  const checked = template.check(data === undefined ? exampleData(template.document) : dataOf(await textOf(data), data))
  if (!checked.ok) return problems(checked.failure)
  const wording = template.fill(checked.value, chosen)
  print(html ? (wording.html ?? "") : `${wording.subject}\n\n${wording.text}`)
  return exitCodes.ok
}

async function putTemplate(context: CommandContext, name: string, file: string): Promise<number> {
  if (!templateName.safeParse(name).success) throw new CommandError(`"${name}" is no name of small letters, digits and hyphens`)
  const template = readTemplate(yamlOf(await textOf(file), file))
  if (!template.ok) return problems(template.failure)
  const version = await (await storeOf(context)).put({ name, document: template.value.document, by: administrator() })
  say(`Template ${name} is in force as version ${version}.`)
  return exitCodes.ok
}

async function find(context: CommandContext, name: string, version: string | undefined): Promise<{ readonly stored: StoredTemplate; readonly template: Template }> {
  const stored = await (await storeOf(context)).find(name, version === undefined ? undefined : numberOf(version, "version"))
  if (!stored) throw new CommandError(`there is no template ${name}${version === undefined ? "" : ` of version ${version}`}; \`congthu template list\` shows them`)
  const template = readTemplate(stored.document)
  if (!template.ok) throw new CommandError(`template ${name} cannot be used any more: ${template.failure.map(({ pointer, detail }) => `${pointer} ${detail}`).join("; ")}`)
  return { stored, template: template.value }
}

function problems(found: readonly TemplateProblem[]): number {
  for (const { pointer, detail } of found) say(`${pointer}: ${detail}`)
  return exitCodes.failed
}

const textOf = (file: string): Promise<string> =>
  readFile(file, "utf8").catch((error: unknown) => {
    throw new CommandError(`${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`)
  })

function yamlOf(text: string, file: string): unknown {
  try {
    return parseYaml(text)
  } catch (error) {
    throw new CommandError(`${file} is no YAML: ${error instanceof Error ? error.message : String(error)}`)
  }
}

function dataOf(text: string, file: string): Readonly<Record<string, unknown>> {
  const value = yamlOf(text, file)
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw new CommandError(`${file} is no object of fields`)
  return { ...value }
}
