/** OIDs of extended key usages (RFC 5280 §4.2.1.12). */
export const keyPurpose = {
  serverAuth: "1.3.6.1.5.5.7.3.1", clientAuth: "1.3.6.1.5.5.7.3.2", emailProtection: "1.3.6.1.5.5.7.3.4", timeStamping: "1.3.6.1.5.5.7.3.8", ocspSigning: "1.3.6.1.5.5.7.3.9",
  /** anyExtendedKeyUsage */
  any: "2.5.29.37.0",
} as const
