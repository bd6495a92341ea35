import { z } from "zod"
import { instant, number } from "../fields.ts"

/** What the API answers of guided actions: moving, leaving, handing over. */
const step = z.looseObject({ step: z.string(), vi: z.string(), en: z.string() }).describe("What is done, as a sentence and with its parts.")

export const actionPlanAnswer = z.strictObject({ steps: z.array(step), undoable: z.boolean() })
export const actionDoneAnswer = z.strictObject({ id: number, oneTimePassword: z.string().nullable().describe("For the new holder, shown this once.") })
export const actionsAnswer = z.strictObject({
  actions: z.array(z.strictObject({ id: number, kind: z.enum(["move", "leave", "handOver"]), subject: z.string(), steps: z.array(step), doneAt: instant, undoneAt: instant.nullable(), undoable: z.boolean() })),
})
export const undoneAnswer = z.strictObject({ undone: number })
export const oneTimePasswordAnswer = z.strictObject({ address: z.string(), oneTimePassword: z.string() })

export const historyAnswer = z.strictObject({ entries: z.array(z.strictObject({ id: number, at: instant, kind: z.string(), by: z.string(), detail: z.unknown() })) })

export const forwardingAnswer = z.strictObject({ target: z.string(), keepCopy: z.boolean(), principalId: z.string().nullable(), setAt: instant })

export const credentialsAnswer = z.strictObject({
  credentials: z.array(z.strictObject({ id: number, kind: z.enum(["password", "appPassword", "oneTime"]), principalId: z.string().nullable(), label: z.string(), createdAt: instant, lastUsedAt: instant.nullable(), lastUsedFrom: z.string() })),
})

export const factorHoldersAnswer = z.strictObject({
  people: z.array(z.strictObject({ accountId: number, principalId: z.string().nullable(), address: z.string(), name: z.string(), unitName: z.string(), factors: number, lastUsedAt: instant.nullable(), administrator: z.boolean() })),
})
