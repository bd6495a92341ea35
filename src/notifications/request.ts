import { z } from "zod"
import { isValidMailbox } from "../mail/address.ts"
import { isPrintable } from "../mail/printable.ts"
import { priorityNamed, priorityNames } from "./priority.ts"
import { notificationLanguages, templateName } from "./templates/template.ts"

/** What a system asks for, by whatever way it asks: the shape; who the recipients are and whether the data fits its template is looked at later. Pure. */
export const maxEntries = 10_000
export const maxAttachments = 20

const instant = z.iso.datetime({ offset: true, error: "is no time such as 2026-11-26T08:00:00+07:00" }).transform((text) => Date.parse(text))

const attachment = z.strictObject({
  filename: z.string().min(1).max(200).refine((name) => isPrintable(name) && !/[/\\]/.test(name) && name.isWellFormed(), "is no name of a file"),
  contentType: z.string().max(100).regex(/^[a-z0-9][a-z0-9!#$&^_.+-]{0,60}\/[a-z0-9][a-z0-9!#$&^_.+-]{0,60}$/i, "is no media type such as application/pdf").refine((type) => !/^(?:multipart|message)\//i.test(type), "is a type that attachments may not have"),
  content: z.string().transform((text, context) => {
    const bytes = base64Bytes(text)
    if (!bytes) context.addIssue({ code: "custom", message: "is not base64" })
    return bytes ?? z.NEVER
  }),
})

/** RFC 4648 §4. The decoder passes over what is none: then it gives fewer octets. It is ten times as quick as a pattern, on megabytes that nobody else gets a turn meanwhile. */
function base64Bytes(text: string): Buffer | undefined {
  const padding = text.endsWith("==") ? 2 : text.endsWith("=") ? 1 : 0
  const isAscii = Buffer.byteLength(text) === text.length
  // the other alphabet, RFC 4648 §5, is decoded too
  if (text.length % 4 !== 0 || !isAscii || text.includes("-") || text.includes("_")) return undefined
  const bytes = Buffer.from(text, "base64")
  return bytes.length === (text.length / 4) * 3 - padding ? bytes : undefined
}

export const notificationRequest = z
  .strictObject({
    to: z.array(z.unknown(), "is no list of recipients").min(1, "names nobody").max(maxEntries, `has more than ${maxEntries} recipients`),
    template: templateName.optional(),
    version: z.number().int().min(1).max(1_000_000).optional(),
    language: z.enum(notificationLanguages, `is none of ${notificationLanguages.join(", ")}`).default("vi"),
    data: z.record(z.string(), z.unknown()).default({}),
    subject: z.string().min(1).max(250).refine((text) => isPrintable(text) && text.isWellFormed(), "has a line end or another control character in it").optional(),
    text: z.string().min(1).max(500_000).optional(),
    html: z.string().min(1).max(1_000_000).optional(),
    priority: z.string().default("normal").transform((text, context) => {
      const priority = priorityNamed(text)
      if (!priority) context.addIssue({ code: "custom", message: `is none of ${priorityNames.join(", ")}` })
      return priority ?? z.NEVER
    }),
    sendAt: instant.optional(),
    expiresAt: instant.optional(),
    replyTo: z.string().refine(isValidMailbox, "is no address").optional(),
    attachments: z.array(attachment).max(maxAttachments).default([]),
  })
  .check((context) => {
    const { template, version, subject, text, html, data } = context.value
    const report = (key: string, message: string): void => void context.issues.push({ code: "custom", message, input: context.value, path: [key] })
    if (template !== undefined) for (const [key, value] of Object.entries({ subject, text, html })) if (value !== undefined) report(key, "goes with no template: the template says it")
    if (template !== undefined) return
    if (subject === undefined) report("subject", "is needed where there is no template")
    if (text === undefined && html === undefined) report("text", "is needed where there is no template: text, html or both")
    if (Object.keys(data).length > 0) report("data", "goes with a template only")
    if (version !== undefined) report("version", "goes with a template only")
  })

export type NotificationRequest = z.output<typeof notificationRequest>

/** One of `to`. */
export const recipientEntry = z.union([z.string().max(1_000).transform((address) => ({ address, data: undefined })), z.strictObject({ address: z.string().max(1_000), data: z.record(z.string(), z.unknown()).optional() })])

export interface RequestProblem {
  readonly pointer: string
  readonly detail: string
}

/** More than anybody mends at once. */
export const maxProblems = 100
