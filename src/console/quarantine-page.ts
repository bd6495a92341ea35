import type { HeldCopy } from "../store/held-store.ts"
import type { ShownHeader } from "../store/shown-header.ts"
import { quarantineText } from "./text/public.ts"
import { facts } from "./web/facts.ts"
import { html } from "./web/html.ts"
import type { Visit } from "./web/page.ts"
import { publicPage } from "./web/public-shell.ts"
import { shownBytes, shownTime } from "./web/shown.ts"
import type { Words } from "./web/words.ts"

/** The page of one copy that is held. Pure. Subject and author are the sender's words: they are shown, and nothing in them becomes a link. */
export function quarantinePage(visit: Visit, copy: HeldCopy, { subject, from }: ShownHeader): string {
  const { say, language } = visit
  return publicPage(visit, {
    title: say(quarantineText.title),
    body: html`<p>${say(quarantineText.intro)}</p>
      ${facts([
        [say(quarantineText.to), copy.recipient],
        [say(quarantineText.reversePath), copy.reversePath === "" ? "<>" : copy.reversePath],
        [say(quarantineText.from), from],
        [say(quarantineText.subject), subject],
        [say(quarantineText.reason), language === "vi" ? copy.reasonVi : copy.reasonEn],
        [say(quarantineText.heldAt), shownTime(visit, copy.heldAt)],
        [say(quarantineText.size), shownBytes(visit, copy.size)],
        [say(quarantineText.number), String(copy.envelopeId)],
      ])}
      <form method="post"><button>${say(quarantineText.button)}</button></form>`,
  })
}

/** What became of it, or why there is nothing to decide. */
export const quarantineSentence = (visit: Visit, sentence: Words): string => publicPage(visit, { title: visit.say(quarantineText.title), body: html`<p>${visit.say(sentence)}</p>` })
