import { z } from "zod"
import { exampleData, notificationLanguages, readTemplate, templateName } from "../../notifications/templates/template.ts"
import type { StoredTemplate, TemplateStore } from "../../store/template-store.ts"
import { previewAnswer, templateAnswer, templatesAnswer } from "../answers/notifications.ts"
import { id, shownTime } from "../fields.ts"
import { answered, refused, type Route, route } from "../route.ts"

/** Templates of notifications over HTTP: which there are, what they want to know, and how they look filled in. */
const scope = "notifications:send"

export const notificationTemplateRoutes = ({ templates }: { readonly templates: Pick<TemplateStore, "list" | "find"> }): readonly Route[] => [
  route({
    method: "get", path: "/notification-templates", scope, summary: "The newest version of each, with its fields.",
    input: z.strictObject({}), output: templatesAnswer,
    run: async () => answered({ templates: (await templates.list()).map(shown) }),
  }),
  route({
    method: "get", path: "/notification-templates/:name", scope, summary: "One of them; `version` for an older one.",
    input: z.strictObject({ name: templateName, version: id.optional() }), output: templateAnswer,
    async run({ name, version }) {
      const found = await templates.find(name, version)
      return found ? answered(shown(found)) : refused({ kind: "notFound" })
    },
  }),
  route({
    method: "post", path: "/notification-templates/:name/preview", scope, summary: "How it looks with this data; without data, with its examples. Nothing is sent.",
    input: z.strictObject({ name: templateName, version: id.optional(), language: z.enum(notificationLanguages).default("vi"), data: z.record(z.string(), z.unknown()).optional() }), output: previewAnswer, maxBodyBytes: 64 * 1024,
    async run({ name, version, language, data }) {
      const found = await templates.find(name, version)
      const template = found && readTemplate(found.document)
      if (!template?.ok) return refused({ kind: "notFound" })
      const checked = template.value.check(data ?? exampleData(template.value.document))
      if (!checked.ok) return refused({ kind: "invalid", errors: checked.failure.map(({ pointer, detail }) => ({ pointer: `data.${pointer}`, detail })) })
      return answered({ name, version: found?.version, ...template.value.fill(checked.value, language) })
    },
  }),
]

const shown = ({ name, version, document, createdAt, createdBy, shipped }: StoredTemplate) => {
  const template = readTemplate(document)
  return { name, version, createdAt: shownTime(createdAt), createdBy, shipped, ...(template.ok && { title: template.value.document.title, hosts: template.value.document.hosts, fields: template.value.document.fields }) }
}
