import { systemClock } from "../../base/clock.ts"
import { verifyMessageSignature } from "../smime/verify-message-signature.ts"
import { serveVerification } from "./serve-verification.ts"

/** A thread that does nothing but verify signatures. Started by verify-pool.ts. */
serveVerification((message) => verifyMessageSignature(message, { clock: systemClock }))
