import { html as tagged } from "htm/preact"
import type { ComponentChildren, VNode } from "preact"
import { renderToString } from "preact-render-to-string"

/**
 * Pages as tagged templates: html`<p title=${name}>${text}</p>`. Whatever is put in becomes text or an attribute's value, escaped where it stands; there is no
 * way past that but preact's own property for raw markup, which the architecture of these folders forbids by a test.
 */
export type Html = ComponentChildren

export const html = (strings: TemplateStringsArray, ...values: unknown[]): VNode | VNode[] => tagged(strings, ...values)

/** The whole document; a fragment of one for whoever swaps parts of a page. */
export const documentText = (page: VNode | VNode[]): string => `<!doctype html>\n${fragmentText(page)}\n`

export const fragmentText = (part: VNode | VNode[]): string => (Array.isArray(part) ? part : [part]).map((node) => renderToString(node)).join("")
