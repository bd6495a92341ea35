import { policyText } from "../../text/policies.ts"
import { html } from "../../web/html.ts"
import type { Visit } from "../../web/page.ts"
import { lineDiff } from "./line-diff.ts"

/** A policy's text with its line numbers; comments and keys stand out, lines with something wrong most of all. */
export const numberedText = (visit: Visit, yaml: string, wrong: ReadonlySet<number> = new Set()) => html`<pre class="lines" tabindex="0" aria-label=${visit.say(policyText.text)}>${yaml
  .replace(/\n$/, "")
  .split("\n")
  .map((line, at) => html`<span class=${wrong.has(at + 1) ? "line wrong" : "line"} id=${`L${at + 1}`} data-line=${at + 1}>${lineParts(line)}${"\n"}</span>`)}</pre>`

function lineParts(line: string) {
  if (/^\s*#/.test(line)) return html`<span class="comment">${line}</span>`
  const key = /^(\s*(?:- )?)([\w.-]+)(:(?:\s|$))(.*)$/.exec(line)
  return key ? html`${key[1]}<span class="key">${key[2]}</span>${key[3]}${key[4]}` : line
}

/** Unchanged lines around what differs. */
const context = 3
const signs = { same: " ", removed: "-", added: "+" } as const

export function diffView(visit: Visit, before: string, after: string) {
  const lines = lineDiff(before, after)
  if (lines.every(({ kind }) => kind === "same")) return html`<p class="empty">${visit.say(policyText.same)}</p>`
  const near = new Set(lines.flatMap(({ kind }, at) => (kind === "same" ? [] : Array.from({ length: 2 * context + 1 }, (_, step) => at - context + step))))
  return html`<pre class="lines diff" tabindex="0" aria-label=${visit.say(policyText.differences)}>${lines.map(({ kind, text, line }, at) =>
    near.has(at) ? html`<span class=${`line ${kind}`} data-line=${line}>${signs[kind]} ${text}${"\n"}</span>` : near.has(at - 1) ? html`<span class="line gap">…${"\n"}</span>` : null,
  )}</pre>`
}
