import { z } from "zod"
import type { PersonInput } from "../../../accounts/provision/changes.ts"
import { readFields } from "../../../accounts/provision/read-fields.ts"
import { principalKindText } from "../../text/directory.ts"
import { formsText } from "../../text/directory-forms.ts"
import { field, form } from "../../web/forms.ts"
import { html } from "../../web/html.ts"
import { administratorPage, type AdministratorVisit, type Answer, type Page } from "../../web/page.ts"
import type { DirectoryPorts } from "./directory.ts"
import { backTo, nothingWrong, picked, refusedTo, submit, suggested, type Typed, type TypedForm, typedInput, typedOf, type Wrong, wrongNotice } from "./form-kit.ts"
import { directoryPath, objectPath } from "./links.ts"
import { noSuch } from "./refusals.ts"

/** People and organizations: made, changed, suspended. */
const fields = ["principalId", "kind", "name", "unitCode", "title", "phone"] as const

interface Shown {
  readonly typed: Typed
  readonly wrong?: Wrong
  readonly seen?: string
  readonly status?: 200 | 409 | 422
}

export function personForms(ports: DirectoryPorts): readonly Page[] {
  function show(visit: AdministratorVisit, { typed, wrong = nothingWrong, seen, status = 200 }: Shown): Answer {
    const { say } = visit
    const id = typed("principalId") ?? ""
    return {
      kind: "page",
      status,
      title: seen === undefined ? say(formsText.newPerson) : say(formsText.changeOf, { name: typed("name") ?? id }),
      body: html`${wrongNotice(visit, wrong, objectPath("person", id))}
        ${form(visit, {
          action: seen === undefined ? `${directoryPath}/new/person` : `${objectPath("person", id)}/change`, className: "narrow", hidden: { ...(seen !== undefined && { seen, principalId: id }) },
          body: html`${field({ name: "name", label: say(formsText.personName), value: typed("name"), required: true, error: wrong.fields["name"], autocomplete: "off" })}
            ${picked({ name: "kind", label: say(formsText.personKind), value: typed("kind") ?? "individual", error: wrong.fields["kind"], options: (["individual", "organization"] as const).map((kind) => ({ value: kind, text: say(principalKindText[kind]) })) })}
            ${suggested({ name: "unitCode", label: say(formsText.unit), kind: "unit", value: typed("unitCode"), required: true, error: wrong.fields["unitCode"], help: say(formsText.unitHelp) })}
            ${field({ name: "title", label: say(formsText.title), value: typed("title"), error: wrong.fields["title"], autocomplete: "off" })}
            ${field({ name: "phone", label: say(formsText.phone), type: "tel", value: typed("phone"), error: wrong.fields["phone"], autocomplete: "off" })}
            ${seen === undefined && field({ name: "principalId", label: say(formsText.personId), value: id, help: say(formsText.personIdHelp), error: wrong.fields["principalId"], autocomplete: "off" })}
            <button>${say(seen === undefined ? formsText.create : formsText.save)}</button>`,
        })}`,
    }
  }

  const send = (visit: AdministratorVisit, form: TypedForm, seen?: string): Promise<Answer> => {
    const typed = typedOf(form)
    const reader = readFields(typed)
    const person: PersonInput = { principalId: reader.text("principalId"), kind: reader.text("kind") === "organization" ? "organization" : "individual", name: reader.text("name"), unitCode: reader.text("unitCode"), title: reader.text("title"), phone: reader.text("phone") }
    return submit(ports, {
      visit, problems: reader.problems, fields,
      change: () => (seen === undefined ? { kind: "addPerson", person } : { kind: "changePerson", seen, person }),
      again: (wrong, status) => show(visit, { typed, wrong, status, ...(seen !== undefined && { seen }) }),
      done: (key) => (seen === undefined ? backTo(objectPath("person", key), visit, formsText.created, { name: person.name }) : backTo(objectPath("person", key), visit, formsText.saved)),
    })
  }

  return [
    administratorPage({ method: "get", path: "/directory/new/person", who: "directory:write", input: typedInput, run: async (query, visit) => show(visit, { typed: typedOf(query) }) }),
    administratorPage({ method: "post", path: "/directory/new/person", who: "directory:write", input: typedInput, run: (form, visit) => send(visit, form) }),
    administratorPage({
      method: "get", path: "/directory/people/:id/change", who: "directory:write", input: z.object({ id: z.string().max(200) }),
      async run({ id }, visit) {
        const found = await ports.view.person(visit.scope, id)
        if (!found.ok) return noSuch(found.failure)
        const record: Readonly<Record<string, unknown>> = { ...found.value.record }
        return show(visit, { seen: found.value.seen, typed: typedOf(record) })
      },
    }),
    administratorPage({ method: "post", path: "/directory/people/:id/change", who: "directory:write", input: typedInput, run: (form, visit) => send(visit, form, typedOf(form)("seen") ?? "") }),
    ...(["suspend", "reactivate"] as const).map((what) =>
      administratorPage({
        method: "post", path: `/directory/people/:id/${what}`, who: "directory:write", fresh: true, input: z.object({ id: z.string().max(200), seen: z.string().max(100) }),
        run: ({ id, seen }, visit) => {
          const to = objectPath("person", id)
          return submit(ports, { visit, problems: [], fields: [], change: () => ({ kind: `${what}Person`, principalId: id, seen }), again: refusedTo(to), done: () => backTo(to, visit, what === "suspend" ? formsText.suspendedDone : formsText.reactivatedDone, { name: id }) })
        },
      }),
    ),
  ]
}
