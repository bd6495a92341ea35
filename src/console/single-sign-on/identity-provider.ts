import * as client from "openid-client"
import { z } from "zod"
import type { Clock } from "../../base/clock.ts"
import { failed, ok, type Result } from "../../base/result.ts"
import { safePath } from "../web/origin.ts"
import type { Language } from "../web/words.ts"
import type { ProviderFetch } from "./provider-fetch.ts"

/**
 * The province's identity provider (OpenID Connect Core, authorization code with PKCE, state and nonce; RFC 9700 §2.1). What must come back with the visitor
 * goes along sealed in a cookie, so that an answer that was made for somebody else's browser is none of his. Must not know: accounts, express.
 */
export interface IdentityProvider {
  /** What people call it. */
  readonly name: string
  /** Where to send the visitor, and what his browser is to bring back. */
  begin(visit: { readonly next: string | undefined; readonly language: Language; readonly again: boolean }): Promise<Result<{ readonly url: string; readonly away: string }, "unreachable">>
  /** `url`: what was asked for, with its query; `away`: what the browser brought back. */
  finish(url: string, away: string | undefined): Promise<Result<Arrival, ArrivalProblem>>
  /** Where the visitor ends his session at the provider, too; undefined where it has no such place. */
  endUrl(idToken: string): Promise<string | undefined>
}

export interface Arrival {
  readonly claims: Readonly<Record<string, unknown>>
  readonly idToken: string
  /** The provider vouches for one of the contexts that configuration names. */
  readonly vouched: boolean
  /** When the provider last asked the visitor who he is (ms); 0: it does not say. Who passes through on an old session of the provider has proven nothing here. */
  readonly provenAt: number
  readonly next: string
}

/** `stale`: not asked for by this browser, or too long ago; `refused`: the provider or the visitor said no; `weak`: not in one of the contexts asked for. */
export type ArrivalProblem = "stale" | "refused" | "weak" | "unreachable"

export interface IdentityProviderOptions {
  readonly issuer: string
  readonly name: string
  readonly clientId: string
  /** Empty: a public client. */
  readonly clientSecret: string
  readonly scopes: readonly string[]
  /** That says who somebody is. */
  readonly claim: string
  readonly acr: readonly string[]
  /** Of the console: `https://mail.tinh.example`. */
  readonly origin: string
  readonly sealer: { seal(plain: Uint8Array, place: string): Buffer; open(sealed: Uint8Array, place: string, maxPlainBytes: number): Buffer }
  readonly ask: ProviderFetch
  readonly clock: Clock
  /** Told why somebody could not be let in. */
  readonly onTrouble: (error: unknown) => void
}

const place = "away to the identity provider"
const awayMs = 15 * 60_000
const maxAwayBytes = 3_000
const discoveryMs = 3_600_000
const patienceSeconds = 10
/** Of a visitor who is asked again who he is. */
const againSeconds = 300
/** Of all others: a day's work. */
const usualSeconds = 12 * 3_600
export const callbackPath = "/console/sso/callback"

const awayShape = z.object({ state: z.string(), nonce: z.string(), verifier: z.string(), next: z.string(), again: z.boolean(), until: z.number() })

export function createIdentityProvider(options: IdentityProviderOptions): IdentityProvider {
  const { origin, sealer, clock, onTrouble } = options
  const discovered = createDiscovery(options)
  const redirectUri = `${origin}${callbackPath}`

  function brought(away: string | undefined): z.output<typeof awayShape> | undefined {
    if (away === undefined) return undefined
    try {
      const found = awayShape.parse(JSON.parse(sealer.open(Buffer.from(away, "base64url"), place, maxAwayBytes).toString()))
      return found.until > clock.now() ? found : undefined
    } catch {
      return undefined
    }
  }

  /** OpenID Connect Core §5.4: what a scope asks for may stand in the ID token, or have to be asked for by itself. */
  async function furtherClaims(configuration: client.Configuration, tokens: client.TokenEndpointResponse, claims: client.IDToken): Promise<Readonly<Record<string, unknown>>> {
    const complete = claims[options.claim] !== undefined && (options.claim !== "email" || claims["email_verified"] !== undefined)
    return complete || configuration.serverMetadata().userinfo_endpoint === undefined ? {} : client.fetchUserInfo(configuration, tokens.access_token, claims.sub)
  }

  return {
    name: options.name,
    async begin({ next, language, again }) {
      const configuration = await discovered()
      if (!configuration) return failed("unreachable")
      const carried = { state: client.randomState(), nonce: client.randomNonce(), verifier: client.randomPKCECodeVerifier(), next: safePath(next), again, until: clock.now() + awayMs }
      const url = client.buildAuthorizationUrl(configuration, {
        redirect_uri: redirectUri, scope: [...new Set(["openid", "profile", "email", ...options.scopes])].join(" "), state: carried.state, nonce: carried.nonce,
        code_challenge: await client.calculatePKCECodeChallenge(carried.verifier), code_challenge_method: "S256", ui_locales: language === "vi" ? "vi en" : "en vi",
        ...(options.acr.length > 0 && { acr_values: options.acr.join(" ") }), // OpenID Connect Core §3.1.2.1: asked so, the provider says when it was
        max_age: String(again ? againSeconds : usualSeconds), ...(again && { prompt: "login" }),
      })
      return ok({ url: url.href, away: sealer.seal(Buffer.from(JSON.stringify(carried)), place).toString("base64url") })
    },
    async finish(path, away) {
      const url = new URL(path, origin)
      const carried = brought(away)
      if (!carried || url.searchParams.get("state") !== carried.state) return failed("stale")
      const configuration = await discovered()
      if (!configuration) return failed("unreachable")
      try {
        const tokens = await client.authorizationCodeGrant(configuration, url, {
          pkceCodeVerifier: carried.verifier, expectedState: carried.state, expectedNonce: carried.nonce, idTokenExpected: true, ...(carried.again && { maxAge: againSeconds }),
        })
        const claims = tokens.claims()
        if (!claims || tokens.id_token === undefined) return failed("refused")
        const vouched = typeof claims.acr === "string" && options.acr.includes(claims.acr)
        if (options.acr.length > 0 && !vouched) return failed("weak")
        return ok({ claims: { ...(await furtherClaims(configuration, tokens, claims)), ...claims }, idToken: tokens.id_token, vouched, provenAt: typeof claims.auth_time === "number" ? claims.auth_time * 1000 : 0, next: carried.next })
      } catch (error) {
        onTrouble(error)
        return failed(error instanceof client.AuthorizationResponseError || error instanceof client.ResponseBodyError || error instanceof client.ClientError ? "refused" : "unreachable")
      }
    },
    async endUrl(idToken) {
      const configuration = await discovered()
      if (configuration?.serverMetadata().end_session_endpoint === undefined) return undefined
      return client.buildEndSessionUrl(configuration, { id_token_hint: idToken, post_logout_redirect_uri: `${origin}/console/sign-in` }).href
    },
  }
}

/** The provider's own description of itself, read when it is first needed and again after an hour; an older one serves while it cannot be read. */
function createDiscovery({ issuer, clientId, clientSecret, ask, clock, onTrouble }: IdentityProviderOptions): () => Promise<client.Configuration | undefined> {
  let known: { readonly configuration: client.Configuration; readonly at: number } | undefined
  let reading: Promise<void> | undefined
  const customFetch: client.CustomFetch = (url, { method, headers, body, signal }) => ask(url, { method, headers, body, signal })

  async function read(): Promise<void> {
    try {
      const found = await client.discovery(new URL(issuer), clientId, undefined, client.None(), { [client.customFetch]: customFetch, timeout: patienceSeconds })
      const metadata = found.serverMetadata()
      const methods = metadata.token_endpoint_auth_methods_supported ?? ["client_secret_basic"]
      const authentication = clientSecret === "" ? client.None() : methods.includes("client_secret_basic") ? client.ClientSecretBasic(clientSecret) : client.ClientSecretPost(clientSecret)
      const configuration = new client.Configuration(metadata, clientId, undefined, authentication)
      configuration[client.customFetch] = customFetch
      configuration.timeout = patienceSeconds
      known = { configuration, at: clock.now() }
    } catch (error) {
      onTrouble(error)
    }
  }

  return async () => {
    if (!known || clock.now() - known.at > discoveryMs) {
      reading ??= read().finally(() => (reading = undefined))
      await reading
    }
    return known?.configuration
  }
}
