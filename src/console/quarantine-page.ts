import type { HeldCopy } from "../store/held-store.ts"
import type { ShownHeader } from "../store/shown-header.ts"
import { escape, localTime, page } from "./page.ts"
import { quarantineText } from "./text/vi.ts"

/** The page of one copy that is held. Pure. Subject and author are the sender's words: they are shown, and nothing in them becomes a link. */
export function quarantinePage(copy: HeldCopy, { subject, from }: ShownHeader): string {
  const rows: readonly (readonly [string, string])[] = [
    [quarantineText.to, copy.recipient],
    [quarantineText.reversePath, copy.reversePath === "" ? "<>" : copy.reversePath],
    [quarantineText.from, from],
    [quarantineText.subject, subject],
    [quarantineText.reason, copy.reasonVi],
    ["", copy.reasonEn],
    [quarantineText.heldAt, localTime(copy.heldAt)],
    [quarantineText.size, `${Math.ceil(copy.size / 1024).toLocaleString("vi-VN")} KiB`],
    [quarantineText.number, String(copy.envelopeId)],
  ]
  return page(
    quarantineText.title,
    null,
    `<h1>${quarantineText.title}</h1><p>${quarantineText.intro}</p><p><small lang="en">${quarantineText.english}</small></p>
<table><tbody>
${rows.map(([name, value]) => `<tr><th>${name}</th><td>${escape(value)}</td></tr>`).join("\n")}
</tbody></table>
<form method="post"><p><button>${quarantineText.button}</button></p></form>`,
  )
}

/** What became of it, or why there is nothing to decide. */
export const quarantineSentence = (sentence: string): string => page(quarantineText.title, null, `<h1>${quarantineText.title}</h1><p>${sentence}</p>`)
