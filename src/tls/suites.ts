import { constants } from "node:crypto"
import type { SecureContextOptions } from "node:tls"

/**
 * What every listener speaks, said once (RFC 9325): TLS 1.2 and 1.3, key exchanges with forward secrecy, authenticated encryption. No listener
 * has options of its own, so no door is weaker than another.
 */
const ciphers13 = ["TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256", "TLS_AES_128_GCM_SHA256"]

/** RFC 9325 §4.2. No CBC, no RSA key exchange, no finite-field DH. */
const ciphers12 = [
  "ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-RSA-AES256-GCM-SHA384", "ECDHE-ECDSA-CHACHA20-POLY1305", "ECDHE-RSA-CHACHA20-POLY1305",
  "ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-RSA-AES128-GCM-SHA256",
]

/** The hybrid with ML-KEM first: what is recorded today should not be read by a quantum computer later. */
const groups = ["X25519MLKEM768", "X25519", "P-256", "P-384"]

/** Ours, and those of client certificates; no SHA-1 (RFC 9155). */
const signatures = [
  "ecdsa_secp256r1_sha256", "ecdsa_secp384r1_sha384", "ecdsa_secp521r1_sha512", "ed25519", "rsa_pss_rsae_sha256", "rsa_pss_rsae_sha384", "rsa_pss_rsae_sha512",
  "rsa_pss_pss_sha256", "rsa_pss_pss_sha384", "rsa_pss_pss_sha512", "rsa_pkcs1_sha256", "rsa_pkcs1_sha384", "rsa_pkcs1_sha512",
]

/** A ticket opens a session for this long, well within the life of its key. */
const sessionSeconds = 7_200

export const serverSuites = {
  minVersion: "TLSv1.2",
  maxVersion: "TLSv1.3",
  ciphers: [...ciphers13, ...ciphers12].join(":"),
  ecdhCurve: groups.join(":"),
  sigalgs: signatures.join(":"),
  honorCipherOrder: true,
  // a client that puts ChaCha20 first has no AES in hardware
  secureOptions:
    constants.SSL_OP_NO_RENEGOTIATION | constants.SSL_OP_NO_COMPRESSION | constants.SSL_OP_CIPHER_SERVER_PREFERENCE | constants.SSL_OP_PRIORITIZE_CHACHA,
  sessionTimeout: sessionSeconds,
} as const satisfies SecureContextOptions
