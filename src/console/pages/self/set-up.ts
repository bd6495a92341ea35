import { z } from "zod"
import { helpUrl, httpsUrl } from "../../client-setup/client-settings.ts"
import { setUpText } from "../../text/holder.ts"
import { selfText } from "../../text/self.ts"
import { choice, form } from "../../web/forms.ts"
import { html } from "../../web/html.ts"
import { holderPage, type Page } from "../../web/page.ts"
import { qrCode } from "../../web/qr.ts"
import { table } from "../../web/table.ts"
import { heldAccounts } from "./held-accounts.ts"
import type { SelfPorts } from "./self.ts"

/** How a mailbox gets onto a device: by a QR code where the device reads one, by name, or by hand. */
export const setUpPages = ({ directory, client, mailPassword, clock }: SelfPorts): readonly Page[] => [
  holderPage({
    method: "get", path: "/me/set-up", input: z.object({ account: z.coerce.number().int().positive().optional() }),
    async run({ account: wanted }, visit) {
      const { say } = visit
      const accounts = heldAccounts(directory.current(), visit.holder, clock.now()).map(({ account }) => account)
      const account = wanted === undefined ? accounts[0] : accounts.find(({ id }) => id === wanted)
      if (!account) return { kind: "error", status: 404 }
      const { address } = account
      const profile = httpsUrl(client, `/apple/mail.mobileconfig?address=${encodeURIComponent(address)}`)
      const help = helpUrl(client)
      const servers = [
        { use: say(setUpText.incoming), port: client.imaps, security: "SSL/TLS" }, { use: say(setUpText.incoming), port: client.imap, security: "STARTTLS" },
        { use: say(setUpText.outgoing), port: client.submissions, security: "SSL/TLS" }, { use: say(setUpText.outgoing), port: client.submission, security: "STARTTLS" },
      ]
      return {
        kind: "page",
        title: say(setUpText.title),
        body: html`${accounts.length > 1 && form(visit, {
            action: "/console/me/set-up", method: "get", className: "row",
            body: html`${choice({ name: "account", label: say(setUpText.account), value: String(account.id), options: accounts.map(({ id, address }) => ({ value: String(id), text: address })) })}<button class="secondary">${say(setUpText.show)}</button>`,
          })}
          <h2>${say(setUpText.step1)}</h2>
          <p>${say(setUpText.step1Text)}${mailPassword === "withoutSecondFactor" && html` ${say(setUpText.withFactor)}`} <a href="/console/me/app-passwords">${say(selfText.apps)}</a></p>
          <h2>${say(setUpText.step2)}</h2>
          <section class="device"><h3>${say(setUpText.apple)}</h3>
            <div class="with-code">${qrCode(profile, say(setUpText.appleCode, { address }))}<div><p>${say(setUpText.appleText)}</p><p><a href=${profile}>${say(setUpText.appleLink)}</a></p></div></div></section>
          <section class="device"><h3>${say(setUpText.thunderbird)}</h3><p>${say(setUpText.thunderbirdText, { address })}</p></section>
          <section class="device"><h3>${say(setUpText.outlook)}</h3><p>${say(setUpText.outlookText, { address })}</p></section>
          <section class="device"><h3>${say(setUpText.other)}</h3><p>${say(setUpText.otherText, { address })}</p>
            ${table(visit, {
              caption: say(setUpText.serverCaption), empty: "", rows: servers,
              columns: [
                { key: "use", title: say(setUpText.kind), cell: ({ use }) => use },
                { key: "server", title: say(setUpText.server), cell: () => client.host },
                { key: "port", title: say(setUpText.port), cell: ({ port }) => port },
                { key: "security", title: say(setUpText.security), cell: ({ security }) => security },
              ],
            })}</section>
          <section class="device"><h3>${say(setUpText.help)}</h3>
            <div class="with-code">${qrCode(help, say(setUpText.helpCode))}<p>${say(setUpText.helpText)}<br /><a href=${help}>${help}</a></p></div></section>`,
      }
    },
  }),
]
