import type { Request, Response } from "express"
import { type ProblemKind, problemText } from "./text/problem.ts"

/** Errors as `application/problem+json` (RFC 9457), in the reader's language. */
export interface Problem {
  readonly kind: ProblemKind
  /** More than the title says, in both languages; never what the inside is like. */
  readonly detail?: { readonly vi: string; readonly en: string }
  /** Members of the request that are wrong, and why. */
  readonly errors?: readonly { readonly pointer: string; readonly detail: string | { readonly vi: string; readonly en: string } }[]
  readonly waitSeconds?: number
}

export function sendProblem(request: Request, response: Response, { kind, detail, errors, waitSeconds }: Problem): void {
  const language = request.acceptsLanguages("vi", "en") === "en" ? "en" : "vi"
  const { status, ...title } = problemText[kind]
  response.set({ "content-language": language, vary: "Accept-Language" })
  // RFC 6750 §3
  if (kind === "unauthorized") response.set("www-authenticate", 'Bearer realm="Cong Thu"')
  if (kind === "forbidden") response.set("www-authenticate", 'Bearer realm="Cong Thu", error="insufficient_scope"')
  if (waitSeconds !== undefined) response.set("retry-after", String(waitSeconds))
  response
    .status(status)
    .type("application/problem+json")
    .send(JSON.stringify({ type: `urn:congthu:problem:${kind}`, title: title[language], status, ...(detail && { detail: detail[language] }), ...(errors && { errors: errors.map(({ pointer, detail }) => ({ pointer, detail: typeof detail === "string" ? detail : detail[language] })) }) }))
}
