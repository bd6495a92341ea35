/** The object identifiers that CMS signatures are made of, by the name they have here. */
export const oids = {
  data: "1.2.840.113549.1.7.1",
  signedData: "1.2.840.113549.1.7.2",
  envelopedData: "1.2.840.113549.1.7.3",
  authEnvelopedData: "1.2.840.113549.1.9.16.1.23",
  // RFC 5652 §11
  contentType: "1.2.840.113549.1.9.3",
  messageDigest: "1.2.840.113549.1.9.4",
  signingTime: "1.2.840.113549.1.9.5",
  // RFC 5035 §5, §3
  signingCertificate: "1.2.840.113549.1.9.16.2.12",
  signingCertificateV2: "1.2.840.113549.1.9.16.2.47",
  // RFC 2634 §2.9
  contentHints: "1.2.840.113549.1.9.16.2.4",
  // RFC 3161 appendix A
  timeStampToken: "1.2.840.113549.1.9.16.2.14",
  // RFC 5940 §2.1
  ocspResponse: "1.3.6.1.5.5.7.16.2",
  subjectKeyIdentifier: "2.5.29.14",
} as const
