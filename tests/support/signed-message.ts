import { newSigner, type CmsOptions, signedData, type TestSigner } from "./cms-writer.ts"

/** Builds signed messages, and the forgeries that are made of them. Lines end with CRLF. */
export interface MessageParts {
  /** Lines of the top-level header but MIME's own; default a From:, To:, Subject: and Date:. */
  readonly header?: readonly string[]
  /** The signed MIME entity, header and body; default a short text. */
  readonly entity?: string
  readonly signers?: readonly TestSigner[]
  readonly cms?: CmsOptions
  /** Lines of multipart/signed before, behind and among its parts. */
  readonly preamble?: string
  readonly epilogue?: string
  /** The entity as it is put into the message, when it is not the one that was signed. */
  readonly shown?: string
  readonly protocol?: string
  readonly boundary?: string
}

let shared: TestSigner | undefined
/** One signer for all who do not care which. */
export const anySigner = (): TestSigner => (shared ??= newSigner())

export const lines = (...all: readonly string[]): string => all.join("\r\n")

export const usualHeader: readonly string[] = [
  "From: =?utf-8?B?Tmd1eeG7hW4gVsSDbiBB?= <a.nguyen@soyte.tinh.example>", "To: vanthu@ubnd.tinh.example", "Subject: =?utf-8?Q?B=C3=A1o_c=C3=A1o?=",
  "Date: Fri, 20 Nov 2026 10:00:00 +0700", "Message-ID: <1@soyte.tinh.example>",
]

export const usualEntity = lines("Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: 8bit", "", "Kính gửi văn phòng,", "", "Báo cáo tháng 11.", "")

const base64Lines = (bytes: Buffer): string => bytes.toString("base64").replace(/.{76}/g, "$&\r\n")

/** The multipart/signed entity alone, header included: what a forger has in hand. */
export function signedEntity(parts: MessageParts = {}): string {
  const { entity = usualEntity, signers = [anySigner()], cms = {} } = parts
  return multipartSigned(parts.shown ?? entity, signedData(Buffer.from(entity), signers, cms), parts)
}

function multipartSigned(entity: string, signature: Buffer, { preamble = "", epilogue = "", protocol = "application/pkcs7-signature", boundary = "----ky-so" }: MessageParts): string {
  return lines(
    `Content-Type: multipart/signed; protocol="${protocol}"; micalg=sha-256;`, ` boundary="${boundary}"`, "",
    `${preamble}--${boundary}`, entity, `--${boundary}`, ...signaturePart(signature), `--${boundary}--`, epilogue,
  )
}

/** A message around a signature that somebody else made. */
export const signatureShell = (entity: string, signature: Buffer): string => lines(...usualHeader, "MIME-Version: 1.0", multipartSigned(entity, signature, {}))

export const signaturePart = (signature: Buffer): readonly string[] => [
  "Content-Type: application/pkcs7-signature; name=smime.p7s", "Content-Transfer-Encoding: base64", "Content-Disposition: attachment; filename=smime.p7s", "", base64Lines(signature),
]

/** A whole multipart/signed message. */
export const signedMessage = (parts: MessageParts = {}): Buffer =>
  Buffer.from(lines(...(parts.header ?? usualHeader), "MIME-Version: 1.0", signedEntity(parts)))

/** application/pkcs7-mime with the content inside. */
export function opaqueEntity(parts: MessageParts = {}): string {
  const { entity = usualEntity, signers = [anySigner()], cms = {} } = parts
  const content = Buffer.from(entity)
  return cmsEntity(signedData(content, signers, { attached: content, ...cms }))
}

export const cmsEntity = (cms: Buffer, smimeType = "signed-data"): string =>
  lines(`Content-Type: application/pkcs7-mime; smime-type=${smimeType}; name=smime.p7m`, "Content-Transfer-Encoding: base64", "", base64Lines(cms), "")

/** A message around a CMS object that somebody else made. */
export const opaqueShell = (cms: Buffer): string => lines(...usualHeader, "MIME-Version: 1.0", cmsEntity(cms))

export const opaqueMessage = (parts: MessageParts = {}): Buffer =>
  Buffer.from(lines(...(parts.header ?? usualHeader), "MIME-Version: 1.0", opaqueEntity(parts)))

/** Any parts in one multipart/mixed. */
export const mixed = (header: readonly string[], ...parts: readonly string[]): Buffer =>
  Buffer.from(lines(...header, "MIME-Version: 1.0", 'Content-Type: multipart/mixed; boundary="mixed"', "", ...parts.flatMap((part) => ["--mixed", part]), "--mixed--", ""))
