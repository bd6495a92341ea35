import { createServer, request } from "node:https"
import { Provider } from "oidc-provider"
import { serve } from "../../src/base/serving.ts"
import { freeLoopbackPort } from "./free-port.ts"
import { testTls } from "./test-tls.ts"

/** A province's identity provider: a real one (certified for OpenID Connect), which asks nobody for a password but lets in whoever the test says. */
export interface TestIdentityProvider {
  readonly issuer: string
  /** PEM. */
  readonly ca: string
  readonly clientId: string
  readonly clientSecret: string
  /** Who comes next, and in what context; undefined: he thinks better of it. */
  next: { readonly claims: Readonly<Record<string, unknown>> & { readonly sub: string }; readonly acr?: string } | undefined
  /** How often it has asked somebody who he is. */
  readonly asked: () => number
  /** Follows the provider's pages from `url`, as a browser with this jar does; returns where it leaves them. */
  visit(url: string, jar: Map<string, string>): Promise<string>
  close(): Promise<void>
}

export interface IdentityProviderShape {
  /** Of the console. */
  readonly origin: string
  /** Claims of scopes stand in the ID token, as most products have it, or only at the userinfo endpoint, as the standard has it. */
  readonly claimsInIdToken?: boolean
}

export const vouchedContext = "urn:tinh:two-factors"
const clientId = "console"
const clientSecret = "a secret that only the two of them know"

export async function startIdentityProvider({ origin, claimsInIdToken = true }: IdentityProviderShape): Promise<TestIdentityProvider> {
  const [tls, port] = await Promise.all([testTls("localhost"), freeLoopbackPort()])
  const issuer = `https://localhost:${port}`
  const accounts = new Map<string, Readonly<Record<string, unknown>> & { readonly sub: string }>()
  const provider = new Provider(issuer, {
    clients: [{ client_id: clientId, client_secret: clientSecret, redirect_uris: [`${origin}/console/sso/callback`], post_logout_redirect_uris: [`${origin}/console/sign-in`], response_types: ["code"], grant_types: ["authorization_code"] }],
    acrValues: [vouchedContext],
    claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name", "staff_id"], acr: null, auth_time: null },
    conformIdTokenClaims: !claimsInIdToken,
    pkce: { required: () => true },
    cookies: { keys: ["test"] },
    features: { devInteractions: { enabled: false } },
    interactions: { url: (_context, interaction) => `/interaction/${interaction.uid}` },
    ttl: { Interaction: 600, Session: 600, Grant: 600, AccessToken: 600, IdToken: 600, AuthorizationCode: 60 },
    findAccount: (_context, sub) => ({ accountId: sub, claims: async () => accounts.get(sub) ?? { sub } }),
    async loadExistingGrant(context) {
      const grant = new context.oidc.provider.Grant({ clientId, accountId: context.oidc.session?.accountId ?? "" })
      grant.addOIDCScope("openid profile email")
      await grant.save()
      return grant
    },
  })
  const callback = provider.callback()
  let asked = 0
  const made: TestIdentityProvider = {
    issuer, ca: tls.ca, clientId, clientSecret, next: undefined, asked: () => asked,
    async visit(url, jar) {
      const { status, location } = await get(url, tls.ca, jar)
      if (location === undefined) throw new Error(`${url} is answered ${status}, and leads nowhere`)
      const to = new URL(location, url)
      return to.origin === issuer ? made.visit(to.href, jar) : to.href
    },
    close: () => server.close(),
  }
  const listener = createServer({ cert: tls.cert, key: tls.key }, (request, response) => {
    if (request.url?.startsWith("/interaction/") !== true) return void callback(request, response)
    asked++
    const { next } = made
    if (next) accounts.set(next.claims.sub, next.claims)
    const result = next ? { login: { accountId: next.claims.sub, ...(next.acr !== undefined && { acr: next.acr }) } } : { error: "access_denied", error_description: "he thought better of it" }
    provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false }).catch((error: unknown) => response.writeHead(500).end(String(error)))
  })
  const server = await serve(listener, { host: "127.0.0.1", port })
  return made
}

const get = (url: string, ca: string, jar: Map<string, string>): Promise<{ readonly status: number; readonly location: string | undefined }> =>
  new Promise((resolve, reject) => {
    const asked = request(url, { ca, lookup: (_name, _options, done) => done(null, [{ address: "127.0.0.1", family: 4 }]), headers: { cookie: [...jar].map(([name, value]) => `${name}=${value}`).join("; ") } }, (response) => {
      for (const line of response.headers["set-cookie"] ?? []) {
        const [pair = ""] = line.split(";")
        jar.set(pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1))
      }
      response.resume()
      response.on("end", () => resolve({ status: response.statusCode ?? 0, location: response.headers.location }))
    })
    asked.on("error", reject)
    asked.end()
  })
