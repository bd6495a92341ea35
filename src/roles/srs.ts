import { createHmac, createSecretKey } from "node:crypto"
import type { Config } from "../config/schema.ts"
import { createSrs, type Srs } from "../mail/srs.ts"

/** Every process of a system makes and reads the same return addresses: their key follows from the one that all of them have. */
export const openSrs = ({ delivery, hostname }: Pick<Config, "delivery" | "hostname">, contentKey: Uint8Array): Srs =>
  createSrs({ key: createSecretKey(createHmac("sha256", contentKey).update("srs").digest()), domain: delivery.srsDomain || hostname })
