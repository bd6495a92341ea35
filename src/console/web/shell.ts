import { may } from "../../accounts/administrator.ts"
import { menuText, shellText } from "../text/shell.ts"
import { assetUrl } from "./assets.ts"
import { form } from "./forms.ts"
import { type Html, html } from "./html.ts"
import type { Area, Crumb, Holder, MenuEntry, Notice, Visit } from "./page.ts"
import { languageNames, languages } from "./words.ts"

/** What is around every page: head, header, menu by role, where one is, what has just happened. */
export interface ShellContent {
  readonly title: string
  readonly body: Html
  readonly crumbs?: readonly Crumb[]
  readonly notice?: Notice | undefined
}

export interface Shell {
  readonly areas: readonly Area[]
  readonly visit: Visit
  readonly holder: Holder | undefined
}

const htmxSettings = "includeIndicatorCSS:false history:false extensions:congthu-fragments"

export interface HeadContent {
  readonly title: string
  /** The page moves, or its parts come anew. */
  readonly scripts?: boolean
}

export const pageHead = ({ say }: Visit, { title, scripts = false }: HeadContent) => html`<head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width,initial-scale=1" />
    <meta name="color-scheme" content="light dark" />
    ${scripts && html`<meta name="htmx-config" content=${htmxSettings} />`}
    <title>${title} · ${say(shellText.product)}</title>
    <link rel="icon" href=${assetUrl("icon")} type="image/svg+xml" />
    <link rel="stylesheet" href=${assetUrl("pico")} />
    ${scripts && html`<link rel="stylesheet" href=${assetUrl("uplotStyle")} />`}
    <link rel="stylesheet" href=${assetUrl("style")} />
    <link rel="stylesheet" href=${assetUrl("print")} />
    ${scripts && scriptNames.map((name) => html`<script src=${assetUrl(name)} defer></script>`)}
  </head>`

const scriptNames = ["htmx", "uplot", "charts", "script"] as const

export const shell = ({ areas, visit, holder }: Shell, { title, body, crumbs = [], notice }: ShellContent) => html`<html lang=${visit.language}>
  ${pageHead(visit, { title, scripts: true })}
  <body class=${holder && !holder.pending ? "inside" : "outside"}>
    <a class="skip" href="#main">${visit.say(shellText.skip)}</a>
    ${top(visit, holder)}
    ${holder && !holder.pending && menu(areas, visit, holder)}
    <main id="main" tabindex="-1">
      ${crumbs.length > 0 && trail(visit, crumbs, title)}
      ${notice && html`<p class=${`notice ${notice.kind}`} role=${notice.kind === "problem" ? "alert" : "status"}>${notice.text}</p>`}
      <h1>${title}</h1>
      ${body}
    </main>
    ${keys(visit)}
  </body>
</html>`

const top = (visit: Visit, holder: Holder | undefined) => html`<header class="top">
  ${holder && !holder.pending && html`<button class="menu-button" type="button" popovertarget="menu">${visit.say(shellText.menu)}</button>`}
  <a class="brand" href="/console">${visit.say(shellText.product)}</a>
  <div class="who">
    ${holder && html`<a href="/console/me" title=${holder.address}>${holder.name}</a>`}
    ${form(visit, { action: "/console/language", className: "language", hidden: { next: visit.url }, body: languages.filter((language) => language !== visit.language).map((language) => html`<button class="plain" name="language" value=${language} lang=${language}>${languageNames[language]}</button>`) })}
    ${holder && form(visit, { action: "/console/sign-out", className: "sign-out", body: html`<button class="plain">${visit.say(shellText.signOut)}</button>` })}
  </div>
</header>`

const isOpen = (holder: Holder, { who }: MenuEntry): boolean => who === "anybody" || who === "holder" || may(holder, who)

/** Always there beside the page on wide screens, behind a button on phones; one group is open at a time, so that all of them stay within a window. None of it needs a script. */
function menu(areas: readonly Area[], visit: Visit, holder: Holder) {
  const path = visit.url.split("?")[0] ?? ""
  const open = areas.flatMap(({ group, menu }) => menu.filter((entry) => isOpen(holder, entry)).map((entry) => ({ group, ...entry })))
  // a page below an entry's: the nearest above it
  const here = open.filter((entry) => path === `/console${entry.path}` || path.startsWith(`/console${entry.path}/`)).toSorted((one, other) => other.path.length - one.path.length)[0]
  return html`<nav id="menu" popover aria-label=${visit.say(shellText.menu)}><div>
    ${[...new Set(open.map(({ group }) => group))].map((group) => menuGroup(visit, { group, here, entries: open.filter((entry) => entry.group === group) }))}
  </div></nav>`
}

interface MenuGroup {
  readonly group: Area["group"]
  readonly here: (MenuEntry & Pick<Area, "group">) | undefined
  readonly entries: readonly MenuEntry[]
}

/** One entry alone is not hidden behind another word. */
function menuGroup({ say }: Visit, { group, here, entries }: MenuGroup) {
  const links = html`<ul>${entries.map((entry) => html`<li><a href=${`/console${entry.path}`} aria-current=${entry.path === here?.path ? "page" : undefined}>${say(entry.label)}</a></li>`)}</ul>`
  if (entries.length < 2) return entries.length === 1 && links
  return html`<details name="menu" open=${group === here?.group}><summary>${say(menuText[group])}</summary>${links}</details>`
}

const trail = (visit: Visit, crumbs: readonly Crumb[], title: string) => html`<nav class="crumbs" aria-label=${visit.say(shellText.crumbs)}>
  <ol>${crumbs.map(({ path, title }) => html`<li><a href=${path}>${title}</a></li>`)}<li aria-current="page">${title}</li></ol>
</nav>`

/** Shown by "?", see browser/console.js. */
const keys = (visit: Visit) => html`<dialog id="keys" aria-labelledby="keys-title">
  <article>
    <h2 id="keys-title">${visit.say(shellText.keys)}</h2>
    <dl><dt><kbd>/</kbd></dt><dd>${visit.say(shellText.keySearch)}</dd><dt><kbd>?</kbd></dt><dd>${visit.say(shellText.keyHelp)}</dd><dt><kbd>Esc</kbd></dt><dd>${visit.say(shellText.keyClose)}</dd></dl>
    <form method="dialog"><button>${visit.say(shellText.close)}</button></form>
  </article>
</dialog>`
