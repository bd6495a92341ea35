import { z } from "zod"
import type { GroupRecord } from "../../../accounts/provision/records.ts"
import { readFields } from "../../../accounts/provision/read-fields.ts"
import { formsText } from "../../text/directory-forms.ts"
import { field, form } from "../../web/forms.ts"
import { html } from "../../web/html.ts"
import { administratorPage, type AdministratorVisit, type Answer, type Page } from "../../web/page.ts"
import type { DirectoryPorts } from "./directory.ts"
import { backTo, lines, nothingWrong, refusedTo, submit, suggested, type Typed, type TypedForm, typedInput, typedOf, type Wrong, wrongNotice } from "./form-kit.ts"
import { directoryPath, objectPath } from "./links.ts"
import { noSuch } from "./refusals.ts"

/** Groups: who is in one, who may send to it, who approves what others send. */
const fields = ["address", "displayName", "unitCode", "allowedSenders", "moderators", "members"] as const

interface Shown {
  readonly typed: Typed
  readonly wrong?: Wrong
  readonly seen?: string
  readonly status?: 200 | 409 | 422
}

export function groupForms(ports: DirectoryPorts): readonly Page[] {
  function show(visit: AdministratorVisit, { typed, wrong = nothingWrong, seen, status = 200 }: Shown): Answer {
    const { say } = visit
    const address = typed("address") ?? ""
    return {
      kind: "page",
      status,
      title: seen === undefined ? say(formsText.newGroup) : say(formsText.changeOf, { name: typed("displayName") ?? address }),
      body: html`${wrongNotice(visit, wrong, objectPath("group", address))}
        ${form(visit, {
          action: seen === undefined ? `${directoryPath}/new/group` : `${objectPath("group", address)}/change`, className: "narrow", hidden: { ...(seen !== undefined && { seen, address }) },
          body: html`${seen === undefined && field({ name: "address", label: say(formsText.address), type: "email", value: address, required: true, error: wrong.fields["address"], autocomplete: "off" })}
            ${field({ name: "displayName", label: say(formsText.displayName), value: typed("displayName"), required: true, error: wrong.fields["displayName"], autocomplete: "off" })}
            ${suggested({ name: "unitCode", label: say(formsText.unit), kind: "unit", value: typed("unitCode"), error: wrong.fields["unitCode"], help: say(formsText.unitHelp) })}
            <label class="check"><input type="checkbox" name="restricted" value="1" checked=${typed("restricted") !== undefined} /> ${say(formsText.restricted)}</label>
            ${lines({ name: "allowedSenders", label: say(formsText.senders), value: typed("allowedSenders"), help: say(formsText.lineHelp), error: wrong.fields["allowedSenders"], rows: 3 })}
            ${lines({ name: "moderators", label: say(formsText.moderators), value: typed("moderators"), help: say(formsText.moderatorsHelp), error: wrong.fields["moderators"], rows: 3 })}
            ${lines({ name: "members", label: say(formsText.members), value: typed("members"), help: say(formsText.lineHelp), error: wrong.fields["members"], rows: 10 })}
            <button>${say(seen === undefined ? formsText.create : formsText.save)}</button>`,
        })}`,
    }
  }

  const send = (visit: AdministratorVisit, form: TypedForm, seen?: string): Promise<Answer> => {
    const typed = typedOf(form)
    const reader = readFields(typed)
    const moderators = reader.addresses("moderators")
    const group: GroupRecord = {
      address: reader.address("address"), displayName: reader.text("displayName"), unitCode: reader.optional("unitCode"),
      allowedSenders: typed("restricted") === undefined ? null : reader.addresses("allowedSenders"), moderators: moderators.length === 0 ? null : moderators, members: reader.addresses("members"),
    }
    return submit(ports, {
      visit, problems: reader.problems, fields,
      change: () => (seen === undefined ? { kind: "addGroup", group } : { kind: "changeGroup", seen, group }),
      again: (wrong, status) => show(visit, { typed, wrong, status, ...(seen !== undefined && { seen }) }),
      done: (key) => (seen === undefined ? backTo(objectPath("group", key), visit, formsText.created, { name: group.displayName }) : backTo(objectPath("group", key), visit, formsText.saved)),
    })
  }

  return [
    administratorPage({ method: "get", path: "/directory/new/group", who: "directory:write", input: typedInput, run: async (query, visit) => show(visit, { typed: typedOf(query) }) }),
    administratorPage({ method: "post", path: "/directory/new/group", who: "directory:write", input: typedInput, run: (form, visit) => send(visit, form) }),
    administratorPage({
      method: "get", path: "/directory/groups/:address/change", who: "directory:write", input: z.object({ address: z.string().max(400) }),
      async run({ address }, visit) {
        const found = await ports.view.group(visit.scope, address)
        if (!found.ok) return noSuch(found.failure)
        const { record, seen } = found.value
        const typed = typedOf({
          address: record.address, displayName: record.displayName, unitCode: record.unitCode ?? "", ...(record.allowedSenders !== null && { restricted: "1", allowedSenders: record.allowedSenders.join("\n") }),
          moderators: record.moderators?.join("\n") ?? "", members: record.members.join("\n"),
        })
        return show(visit, { seen, typed })
      },
    }),
    administratorPage({ method: "post", path: "/directory/groups/:address/change", who: "directory:write", input: typedInput, run: (form, visit) => send(visit, form, typedOf(form)("seen") ?? "") }),
    administratorPage({
      method: "post", path: "/directory/groups/:address/remove", who: "directory:write", fresh: true, input: z.object({ address: z.string().max(400), seen: z.string().max(100) }),
      run: ({ address, seen }, visit) => submit(ports, { visit, problems: [], fields: [], change: () => ({ kind: "removeGroup", address, seen }), again: refusedTo(objectPath("group", address)), done: () => backTo(directoryPath, visit, formsText.removed) }),
    }),
  ]
}
