import { proofText } from "../text/proof.ts"
import { assetUrl } from "./assets.ts"
import { form } from "./forms.ts"
import { type Html, html } from "./html.ts"
import type { Visit } from "./page.ts"
import { passkeyField } from "./proof-fields.ts"

/** A form that the browser fills with what a passkey answers (browser/passkeys.js); this is the one thing that cannot work without a script, and it says so. */
export interface PasskeyFormOptions {
  /** Make a new one, or ask for one that there is. */
  readonly kind: "create" | "get"
  readonly action: string
  /** For the browser, as WebAuthn has them in JSON. */
  readonly options: object
  /** The only name at which the browser will do it. */
  readonly domain: string
  readonly button: string
  readonly body?: Html
  readonly error?: string | undefined
  /** Below the button. */
  readonly help?: string
  /** Beside something that is used more. */
  readonly secondary?: boolean
}

export const passkeyForm = (visit: Visit, { kind, action, options, domain, button, body, error, help, secondary = false }: PasskeyFormOptions) => {
  const said = { cancelled: proofText.cancelled, known: proofText.known, unsupported: proofText.unsupported, elsewhere: proofText.elsewhere }
  const words = Object.fromEntries(Object.entries(said).map(([name, text]) => [name, visit.say(text, { domain })]))
  return html`<div class="passkey" data-passkey=${kind} data-options=${JSON.stringify(options)} data-domain=${domain} data-said=${JSON.stringify(words)}>
    ${form(visit, { action, className: "narrow", body: html`${body}<input type="hidden" name=${passkeyField} value="" /><p class="error" role="alert" hidden=${error === undefined}>${error}</p><button class=${secondary ? "secondary" : undefined}>${button}</button>${help !== undefined && html`<small>${help}</small>`}` })}
    <noscript><p class="muted">${visit.say(proofText.needsScript)}</p></noscript>
    <script src=${assetUrl("webauthn")} defer></script>
    <script src=${assetUrl("passkeys")} defer></script>
  </div>`
}
