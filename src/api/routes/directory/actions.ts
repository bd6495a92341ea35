import { z } from "zod"
import { type ActionStep, stepText } from "../../../accounts/provision/guided/steps.ts"
import type { Result } from "../../../base/result.ts"
import type { ActionOnRecord, DirectoryActions, GuidedAction } from "../../../store/directory-actions.ts"
import type { Refusal } from "../../../store/directory-editor.ts"
import { actionDoneAnswer, actionPlanAnswer, actionsAnswer, oneTimePasswordAnswer, undoneAnswer } from "../../answers/directory-actions.ts"
import { id, shownTime } from "../../fields.ts"
import { type Answer, answered, refused, type Route, route } from "../../route.ts"
import { scopeOfToken } from "../../token-scope.ts"
import { address, key, problemOfRefusal, word } from "./shared.ts"

/** Moving, leaving, handing over: the plan in sentences, with a tag; done only as it was planned; taken back where that is possible. */
export interface ActionRoutesParts {
  readonly actions: Pick<DirectoryActions, "plan" | "apply" | "undo" | "resetPassword" | "history">
  /** Whoever changed something finds it changed. */
  readonly changed: () => Promise<void>
}

interface Guided<Schema extends z.ZodType> {
  readonly path: string
  readonly what: string
  readonly input: Schema
  readonly action: (input: z.output<Schema>) => GuidedAction
}

export function actionRoutes({ actions, changed }: ActionRoutesParts): readonly Route[] {
  /** Without a tag, `inUse` is about the state of things and not about what was seen. */
  async function after<Done>(result: Result<Done, Refusal>, show: (done: Done) => Answer, tagged = false): Promise<Answer> {
    if (!result.ok) return refused({ ...problemOfRefusal(result.failure), ...(!tagged && result.failure.kind === "inUse" && { kind: "conflict" }) })
    await changed()
    return show(result.value)
  }
  const guided = <Schema extends z.ZodType>({ path, what, input, action }: Guided<Schema>): readonly Route[] => [
    route({
      method: "post", path: `${path}/plan`, scope: "directory:write", summary: `${what}: what will be done, step by step. Nothing is changed.`, input, output: actionPlanAnswer, tagged: "shown",
      async run(asked, caller) {
        const planned = await actions.plan(action(asked), { scope: scopeOfToken(caller, "directory:write") })
        return planned.ok ? answered({ steps: planned.value.steps.map(shownStep), undoable: planned.value.undoable }, planned.value.seen) : refused(problemOfRefusal(planned.failure))
      },
    }),
    route({
      method: "post", path, scope: "directory:write", summary: `${what}, exactly as it was planned: the plan's tag is in \`If-Match\`.`, input, output: actionDoneAnswer, tagged: "demanded",
      async run(asked, caller, { header }) {
        const seen = /^"([^"]+)"$/.exec(header("if-match")?.trim() ?? "")?.[1]
        if (seen === undefined) return refused({ kind: "tagNeeded" })
        return after(await actions.apply(action(asked), seen, { scope: scopeOfToken(caller, "directory:write") }), ({ id: number, oneTimePassword }) => answered({ id: number, oneTimePassword }), true)
      },
    }),
  ]
  const person = "/directory/principals/:principalId"
  return [
    ...guided({
      path: `${person}/move`, what: "Somebody moves to another unit", input: z.strictObject({ principalId: key, unitCode: word, title: word.nullable().default(null).describe("Null: as it is."), keepAddress: z.boolean().default(false).describe("No new address.") }),
      action: ({ principalId, unitCode, title, keepAddress }) => ({ kind: "move", principalId, unitCode, title, keepAddress }),
    }),
    ...guided({ path: `${person}/leave`, what: "Somebody leaves", input: z.strictObject({ principalId: key }), action: ({ principalId }) => ({ kind: "leave", principalId }) }),
    ...guided({ path: "/directory/accounts/:address/hand-over", what: "An account goes to another holder", input: z.strictObject({ address, to: word.describe("The person's id.") }), action: ({ address: one, to }) => ({ kind: "handOver", address: one, to }) }),
    route({
      method: "get", path: "/directory/actions", scope: "directory:read", summary: "What was done to a person or an account in this way, the newest first.", input: z.strictObject({ of: key.describe("The person's id, or the account's address at that time.") }), output: actionsAnswer,
      run: async ({ of }, caller) => answered({ actions: (await actions.history(of, { scope: scopeOfToken(caller, "directory:read") })).map(shownAction) }),
    }),
    route({
      method: "post", path: "/directory/actions/:id/undo", scope: "directory:write", summary: "Takes it back, the last step first, while nobody has changed what it left.", input: z.strictObject({ id }), output: undoneAnswer,
      run: async ({ id: number }, caller) => after(await actions.undo(number, { scope: scopeOfToken(caller, "directory:write") }), () => answered({ undone: number })),
    }),
    route({
      method: "post", path: "/directory/accounts/:address/one-time-password", scope: "directory:write", summary: "A one-time password in the place of the password, shown this once. Its owner's app passwords and all sessions end.", input: z.strictObject({ address, keepAppPasswords: z.boolean().default(false).describe("Where nobody else has learned the password.") }), output: oneTimePasswordAnswer,
      run: async ({ address: one, keepAppPasswords }, caller) => after(await actions.resetPassword(one, { keepAppPasswords }, { scope: scopeOfToken(caller, "directory:write") }), ({ oneTimePassword }) => answered({ address: one, oneTimePassword })),
    }),
  ]
}

const shownStep = (step: ActionStep) => ({ ...step, vi: stepText(step, "vi"), en: stepText(step, "en") })

const shownAction = ({ id: number, kind, subject, steps, doneAt, undoneAt, undoable }: ActionOnRecord) => ({ id: number, kind, subject, steps: steps.map(shownStep), doneAt: shownTime(doneAt), undoneAt: shownTime(undoneAt), undoable })
