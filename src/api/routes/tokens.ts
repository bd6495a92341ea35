import { z } from "zod"
import type { ApiToken, ApiTokenStore } from "../../accounts/api-token.ts"
import { revokedAnswer, tokensAnswer } from "../answers/operation.ts"
import { id, shownTime } from "../fields.ts"
import { answered, refused, type Route, route } from "../route.ts"
import { tokenName } from "../token-scope.ts"

/** Tokens over HTTP, seen and revoked. They are made by the command alone: one that could make others would outlive its own revocation in them. */
export const tokenRoutes = ({ tokens }: { readonly tokens: Pick<ApiTokenStore, "list" | "revoke"> }): readonly Route[] => [
  route({
    method: "get", path: "/tokens", scope: "tokens:read", summary: "All of them, the oldest first, revoked ones too; never the secrets.", input: z.strictObject({}), output: tokensAnswer,
    run: async () => answered({ tokens: (await tokens.list()).map(shown) }),
  }),
  route({
    method: "delete", path: "/tokens/:id", scope: "tokens:write", summary: "Revokes one; it is refused from the next request on.", input: z.strictObject({ id }), output: revokedAnswer,
    run: async ({ id: number }, caller) => ((await tokens.revoke(number, tokenName(caller))) ? answered({ revoked: number }) : refused({ kind: "notFound" })),
  }),
]

const shown = ({ id: number, name, scopes, unitCode, accountId, principalId, webhook, createdAt, createdBy, expiresAt, lastUsedAt, revokedAt }: ApiToken) => ({
  id: number, name, scopes, unitCode, accountId, principalId, webhook, createdAt: shownTime(createdAt), createdBy, expiresAt: shownTime(expiresAt), lastUsedAt: shownTime(lastUsedAt), revokedAt: shownTime(revokedAt),
})
