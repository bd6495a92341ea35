import type { ProofVisit } from "../../accounts/factors/codes.ts"
import type { SecondFactors } from "../../accounts/factors/second-factors.ts"
import type { Result } from "../../base/result.ts"
import type { Failure } from "../../mail/failure.ts"
import { proofText } from "../text/proof.ts"
import { field, form } from "./forms.ts"
import { html } from "./html.ts"
import { passkeyForm } from "./passkey-form.ts"
import type { HolderVisit } from "./page.ts"
import { codeField, passkeyField } from "./proof-fields.ts"
import type { Words } from "./words.ts"

/** Second factors as forms ask for them: a code that is typed, a passkey that the browser asks for. */
export const proofVisit = ({ holder, clientAddress }: HolderVisit): ProofVisit => ({ owner: { accountId: holder.accountId, principalId: holder.principalId }, address: holder.address, sessionId: holder.sessionId, clientAddress, alone: holder.pending !== "proof" })

/** Undefined when the form has neither. */
export function proveBy({ codes, passkeys }: Pick<SecondFactors, "codes" | "passkeys">, visit: HolderVisit, fields: Readonly<Record<string, unknown>>): Promise<Result<undefined, Failure>> | undefined {
  const { [codeField]: code, [passkeyField]: passkey } = fields
  if (typeof passkey === "string" && passkey !== "") return passkeys.prove(proofVisit(visit), passkey)
  return typeof code === "string" && code !== "" ? codes.prove(proofVisit(visit), code) : undefined
}

export const proofProblem = ({ kind }: Failure): Words => (kind === "limit" ? proofText.limited : kind === "unavailable" ? proofText.unavailable : proofText.wrong)

export interface ProofForms {
  readonly action: string
  readonly hidden: readonly (readonly [string, string])[]
  readonly button: string
  readonly error?: string | undefined
}

/** A form for a code, one for a passkey, of those that the person has; both with the same hidden fields. */
export async function proofForms({ store, passkeys }: Pick<SecondFactors, "store" | "passkeys">, visit: HolderVisit, { action, hidden, button, error }: ProofForms) {
  const { say } = visit
  const [{ factors, recoveryCodesLeft }, options] = await Promise.all([store.list(visit.holder), passkeys.proofOptions(proofVisit(visit))])
  const kept = html`${hidden.map(([name, value]) => html`<input type="hidden" name=${name} value=${value} />`)}`
  const apps = factors.some(({ kind }) => kind === "totp")
  return {
    any: factors.length > 0,
    body: html`${options && passkeyForm(visit, { kind: "get", action, options, domain: passkeys.domain, button: say(proofText.usePasskey), body: kept })}
      ${(apps || recoveryCodesLeft > 0) && form(visit, {
        action, className: "narrow",
        body: html`${kept}
          ${field({ name: codeField, label: say(apps ? proofText.code : proofText.recoveryCode), help: say(apps ? proofText.codeHelp : proofText.recoveryHelp), autocomplete: "one-time-code", required: true, maxlength: 40, error, autofocus: options === undefined })}
          <button>${button}</button>`,
      })}`,
  }
}
