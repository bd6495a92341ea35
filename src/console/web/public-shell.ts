import type { Request } from "express"
import { publicText } from "../text/public.ts"
import { shellText } from "../text/shell.ts"
import { cookieNames, cookieOf } from "./cookies.ts"
import { documentText, type Html, html } from "./html.ts"
import type { Visit } from "./page.ts"
import { pageHead } from "./shell.ts"
import { isLanguage, languageNames, languageOf, languages, speaker } from "./words.ts"

/** Around the pages that need no sign-in: as the console looks, without scripts; another language is another address. */
export function publicVisit(request: Request): Visit {
  const { language: asked } = request.query
  const language = languageOf(isLanguage(asked) ? asked : cookieOf(request, cookieNames.language), request)
  return {
    language, say: speaker(language), url: request.originalUrl, clientAddress: request.socket.remoteAddress ?? "", userAgent: request.headers["user-agent"] ?? "", csrf: "", partial: false, holder: undefined,
  }
}

export interface PublicContent {
  readonly title: string
  readonly body: Html
}

export const publicPage = (visit: Visit, { title, body }: PublicContent): string =>
  documentText(html`<html lang=${visit.language}>
    ${pageHead(visit, { title })}
    <body class="public">
      <a class="skip" href="#main">${visit.say(shellText.skip)}</a>
      <header class="top">
        <a class="brand" href="/console">${visit.say(shellText.product)}</a>
        <nav class="who" aria-label=${visit.say(publicText.languages)}>${languages.filter((language) => language !== visit.language).map((language) => html`<a href=${`?language=${language}`} lang=${language}>${languageNames[language]}</a>`)}</nav>
      </header>
      <main id="main" tabindex="-1">
        <h1>${title}</h1>
        ${body}
      </main>
    </body>
  </html>`)
