import type { FailureKind } from "../../../mail/failure.ts"
import type { Answer } from "../../web/page.ts"

/** An object that is not there, or not for this administrator: whoever asks learns which. */
export const noSuch = ({ kind }: { readonly kind: FailureKind }): Answer => ({ kind: "error", status: kind === "noPermission" ? 403 : kind === "unavailable" ? 503 : 404 })
