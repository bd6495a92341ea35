import { z } from "zod"
import { parseAddressRule, placeholders } from "../../../accounts/provision/address-rule.ts"
import type { UnitInput } from "../../../accounts/provision/changes.ts"
import { problemWords } from "../../../accounts/provision/problems.ts"
import { readFields } from "../../../accounts/provision/read-fields.ts"
import { sampleAddresses } from "../../../accounts/provision/sample-addresses.ts"
import { unitKinds } from "../../../accounts/import/rows.ts"
import { unitKindText } from "../../text/directory.ts"
import { formsText } from "../../text/directory-forms.ts"
import { field, form } from "../../web/forms.ts"
import { html } from "../../web/html.ts"
import { administratorPage, type AdministratorVisit, type Answer, type Page, type Visit } from "../../web/page.ts"
import type { DirectoryPorts } from "./directory.ts"
import { backTo, nothingWrong, picked, refusedTo, submit, suggested, type Typed, type TypedForm, typedInput, typedOf, type Wrong, wrongNotice } from "./form-kit.ts"
import { directoryPath, objectPath } from "./links.ts"
import { noSuch } from "./refusals.ts"

/** Units: made, changed, suspended; the rule that names their mailboxes with what it makes of names. */
const fields = ["code", "name", "kind", "parentCode", "domain", "addressRule"] as const

export function unitForms(ports: DirectoryPorts): readonly Page[] {
  const { view, addressRule } = ports

  async function show(visit: AdministratorVisit, { typed, wrong = nothingWrong, seen, status = 200 }: Shown): Promise<Answer> {
    const { say } = visit
    const code = typed("code") ?? ""
    const path = seen === undefined ? `${directoryPath}/new/unit` : `${objectPath("unit", code)}/change`
    return {
      kind: "page",
      status,
      title: seen === undefined ? say(formsText.newUnit) : say(formsText.changeOf, { name: typed("name") ?? code }),
      crumbs: [{ path: directoryPath, title: say(formsText.parent) }],
      body: html`${wrongNotice(visit, wrong, objectPath("unit", code))}
        ${form(visit, {
          action: path, className: "narrow", hidden: { ...(seen !== undefined && { seen, code }) },
          body: html`${seen === undefined && field({ name: "code", label: say(formsText.code), value: code, required: true, error: wrong.fields["code"], autocomplete: "off" })}
            ${field({ name: "name", label: say(formsText.unitName), value: typed("name"), required: true, error: wrong.fields["name"], autocomplete: "off" })}
            ${picked({ name: "kind", label: say(formsText.kind), value: typed("kind") ?? "division", error: wrong.fields["kind"], options: unitKinds.map((kind) => ({ value: kind, text: say(unitKindText[kind]) })) })}
            ${suggested({ name: "parentCode", label: say(formsText.parent), kind: "unit", value: typed("parentCode"), error: wrong.fields["parentCode"], help: say(formsText.unitHelp) })}
            ${field({ name: "domain", label: say(formsText.domain), value: typed("domain"), required: true, error: wrong.fields["domain"], autocomplete: "off" })}
            ${ruleField(visit, { value: typed("addressRule"), byDefault: addressRule, wrong })}
            <div id="rule-preview" aria-live="polite">${await preview(visit, typed)}</div>
            <p><button>${say(seen === undefined ? formsText.create : formsText.save)}</button> <button class="secondary" name="preview" value="1" formnovalidate>${say(formsText.preview)}</button></p>`,
        })}`,
    }
  }

  /** Of the people that the unit has, else of names that everybody knows. */
  async function preview({ say, scope, language }: AdministratorVisit, typed: Typed) {
    const code = typed("code")?.trim() ?? ""
    const rule = parseAddressRule(typed("addressRule")?.trim() || addressRule)
    if (!rule.ok) return null
    const people = code === "" ? [] : (await view.find({ scope, text: "", kinds: ["person"], unit: { code, below: false }, limit: sampleSize })).hits.map(({ name }) => name)
    const names = people.length > 0 ? people : say(formsText.sampleNames).split("; ")
    const samples = sampleAddresses(rule.value, { code: code || "DV", domain: typed("domain")?.trim() || "tinh.example" }, names)
    return html`<h3>${say(formsText.rulePreview)}</h3><ul>${samples.map(({ name, made }) => html`<li>${say(formsText.ruleSample, { name, address: "address" in made ? made.address : problemWords[made.problem][language] })}</li>`)}</ul>`
  }

  const read = (typed: Typed) => {
    const reader = readFields(typed)
    const unit: UnitInput = { code: reader.text("code"), name: reader.text("name"), kind: reader.text("kind"), parentCode: reader.optional("parentCode"), domain: reader.text("domain").toLowerCase(), addressRule: reader.optional("addressRule") }
    return { unit, problems: reader.problems }
  }

  const send = (visit: AdministratorVisit, form: TypedForm, seen?: string): Promise<Answer> => {
    const typed = typedOf(form)
    if (typed("preview") !== undefined) return show(visit, { typed, ...(seen !== undefined && { seen }) })
    const { unit, problems } = read(typed)
    return submit(ports, {
      visit, problems, fields,
      change: () => (seen === undefined ? { kind: "addUnit", unit } : { kind: "changeUnit", seen, unit }),
      again: (wrong, status) => show(visit, { typed, wrong, status, ...(seen !== undefined && { seen }) }),
      done: (key) => (seen === undefined ? backTo(objectPath("unit", key), visit, formsText.created, { name: unit.name }) : backTo(objectPath("unit", key), visit, formsText.saved)),
    })
  }

  return [
    administratorPage({ method: "get", path: "/directory/new/unit", who: "directory:write", fresh: true, input: typedInput, run: async (query, visit) => show(visit, { typed: await withDomain(visit, typedOf(query)) }) }),
    administratorPage({ method: "post", path: "/directory/new/unit", who: "directory:write", fresh: true, input: typedInput, run: (form, visit) => send(visit, form) }),
    administratorPage({
      method: "get", path: "/directory/units/:code/change", who: "directory:write", fresh: true, input: z.object({ code: z.string().max(200) }),
      async run({ code }, visit) {
        const found = await view.unit(visit.scope, code)
        if (!found.ok) return noSuch(found.failure)
        const { record, seen } = found.value
        return show(visit, { seen, typed: (name) => (name === "addressRule" ? (record.addressRule ?? "") : name === "parentCode" ? (record.parentCode ?? "") : name === "code" || name === "name" || name === "kind" || name === "domain" ? record[name] : undefined) })
      },
    }),
    administratorPage({ method: "post", path: "/directory/units/:code/change", who: "directory:write", fresh: true, input: typedInput, run: (form, visit) => send(visit, form, typedOf(form)("seen") ?? "") }),
    administratorPage({ method: "get", path: "/directory/rule-preview", who: "directory:write", input: typedInput, run: async (query, visit) => ({ kind: "fragment", body: await preview(visit, typedOf(query)) }) }),
    ...(["suspend", "reactivate"] as const).map((what) =>
      administratorPage({
        method: "post", path: `/directory/units/:code/${what}`, who: "directory:write", fresh: true, input: z.object({ code: z.string().max(200), seen: z.string().max(100) }),
        run: ({ code, seen }, visit) => {
          const to = objectPath("unit", code)
          return submit(ports, { visit, problems: [], fields: [], change: () => ({ kind: `${what}Unit`, code, seen }), again: refusedTo(to), done: () => backTo(to, visit, what === "suspend" ? formsText.suspendedDone : formsText.reactivatedDone, { name: code }) })
        },
      }),
    ),
  ]

  /** A unit below another most often has its domain. */
  async function withDomain({ scope }: AdministratorVisit, typed: Typed): Promise<Typed> {
    const parent = typed("parentCode")
    const found = parent === undefined ? undefined : await view.unit(scope, parent)
    return (name) => typed(name) ?? (name === "domain" && found?.ok ? found.value.record.domain : name === "code" && parent !== undefined ? `${parent}.` : undefined)
  }
}

const sampleSize = 5

interface Shown {
  readonly typed: Typed
  readonly wrong?: Wrong
  /** Of the unit as it was looked at; absent: it is new. */
  readonly seen?: string
  readonly status?: 200 | 409 | 422
}

/** What it makes of names is shown while one types. */
function ruleField({ say }: Visit, { value, byDefault, wrong }: { readonly value: string | undefined; readonly byDefault: string; readonly wrong: Wrong }) {
  const error = wrong.fields["addressRule"]
  const help = say(formsText.ruleHelp, { places: [...placeholders, "domain"].map((name) => `{${name}}`).join(" ") })
  return html`<div class="field"><label for="addressRule">${say(formsText.rule)}</label>
    <input id="addressRule" name="addressRule" value=${value} autocomplete="off" spellcheck=${false} aria-describedby=${error === undefined ? "addressRule-help" : "addressRule-help addressRule-error"} aria-invalid=${error === undefined ? undefined : "true"}
      placeholder=${byDefault} hx-get=${`${directoryPath}/rule-preview`} hx-trigger="input changed delay:150ms" hx-target="#rule-preview" hx-include="#domain, [name=code]" hx-sync="this:queue last" />
    <small id="addressRule-help">${help}</small>${error !== undefined && html`<small class="error" id="addressRule-error">${error}</small>`}</div>`
}
