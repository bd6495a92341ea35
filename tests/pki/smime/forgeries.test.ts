import { describe, expect, test } from "vitest"
import type { SignatureProblem } from "../../../src/pki/signature-facts.ts"
import { bytesSource } from "../../../src/pki/smime/message-source.ts"
import { verifyMessageSignature } from "../../../src/pki/smime/verify-message-signature.ts"
import { attribute, cmsOids, newSigner, signedData, type TestSigner, usualAttributes } from "../../support/cms-writer.ts"
import {
  anySigner, cmsEntity, lines, mixed, opaqueEntity, opaqueMessage, signaturePart, signedEntity, signedMessage, usualEntity, usualHeader,
} from "../../support/signed-message.ts"
import { oid } from "../../../src/pki/der.ts"

const verify = (message: Buffer | string) => verifyMessageSignature(bytesSource(Buffer.from(message)), { clock: { now: () => 0 } })

const text = (body: string): string => lines("Content-Type: text/plain; charset=utf-8", "", body)
const html = (body: string): string => lines("Content-Type: text/html; charset=utf-8", "", body)
const other = newSigner("ec", "Kẻ mạo danh")
const replaceHeader = (name: string, ...with_: readonly string[]): readonly string[] => [...usualHeader.filter((line) => !line.startsWith(`${name}:`)), ...with_]

const word = (charset: string, octets: Buffer): string => `=?${charset}?B?${octets.toString("base64")}?=`

/** A message whose base64 ends with padding: the length of an ECDSA signature varies. */
function padded(make: (signers: readonly TestSigner[]) => string): string {
  for (;;) {
    const message = make([newSigner()])
    if (/=\s*(?:\r\n------ky-so--\s*)?$/.test(message)) return message
  }
}

interface Forgery {
  /** What a reader is made to believe. */
  readonly trick: string
  readonly message: Buffer | string
  readonly problems: readonly SignatureProblem[]
  readonly form?: "multipart" | "opaque" | "none"
  /** Fields that are not what was signed. */
  readonly differs?: readonly string[]
}

const order = "Chuyển 2 tỷ đồng vào tài khoản 0123."

const around: readonly Forgery[] = [
  { trick: "an order stands before somebody's signed letter", message: mixed(usualHeader, text(order), signedEntity()), problems: ["partial", "prepended"] },
  { trick: "an order stands behind it", message: mixed(usualHeader, signedEntity(), text(order)), problems: ["partial", "appended"] },
  { trick: "a mailing list adds its footer", message: mixed(usualHeader, signedEntity(), text("_____\r\nDanh sách thư")), problems: ["partial", "appended"] },
  { trick: "the signed part is the only one, in another multipart", message: mixed(usualHeader, signedEntity()), problems: ["partial"] },
  { trick: "an opaque one is put beside an order", message: mixed(usualHeader, text(order), opaqueEntity()), problems: ["partial", "prepended"], form: "opaque" },
  {
    trick: "a third part of multipart/signed is shown",
    message: Buffer.from(signedMessage().toString().replace("------ky-so--", lines("------ky-so", text(order), "------ky-so--"))), problems: ["appended", "malformed"],
  },
  { trick: "an order is written into the preamble", message: signedMessage({ preamble: `${order}\r\n` }), problems: ["prepended"] },
  { trick: "a long preamble", message: signedMessage({ preamble: `${"This is for old readers. ".repeat(40)}\r\n` }), problems: ["prepended"] },
  { trick: "a part for who compares boundaries by their beginning", message: signedMessage({ preamble: `------ky-so2\r\n\r\nChuyen tien\r\n` }), problems: ["prepended"] },
  { trick: "HTML in the preamble", message: signedMessage({ preamble: "<h1>Pay</h1>\r\n" }), problems: ["prepended"] },
  { trick: "an order is written into the epilogue", message: signedMessage({ epilogue: `${order}\r\n` }), problems: ["appended"] },
  { trick: "a huge epilogue", message: signedMessage({ epilogue: " ".repeat(70_000) + order }), problems: ["appended"] },
  {
    trick: "one alternative is signed, the other is shown",
    message: Buffer.from(mixed(usualHeader, signedEntity(), html(`<p>${order}</p>`)).toString().replace("multipart/mixed", "multipart/alternative")), problems: ["partial", "appended"],
  },
  {
    trick: "a related part is the root and the signed one a resource of it",
    message: Buffer.from(mixed(usualHeader, html('<p>Pay</p><img src="cid:signed">'), signedEntity()).toString().replace("multipart/mixed", "multipart/related")),
    problems: ["partial", "prepended", "hiddenHtml"],
  },
]

const hidden: readonly Forgery[] = [
  ["display: none around what follows", `<p>${order}</p><div style="display:none">`],
  ["a style sheet hides what follows", "<p>Pay</p><style>.moz-text-flowed{visibility:hidden}</style>"],
  ["a comment that the signed part does not end", "<p>Pay</p><!-- "],
  ["an attribute that the signed part becomes", '<p>Pay</p><img alt="'],
  ["a text area that swallows it", "<p>Pay</p><textarea>"],
  ["an order laid over it", '<div style="position:absolute;top:0;background:white">Pay</div>'],
  ["the style said in character references", '<div style="&#100;isplay&#58;none">x</div>'],
  ["the style said in CSS escapes", '<div style="\\64isplay:none">x</div>'],
  ["it is pulled in by Content-ID", '<iframe src="cid:signed@x"></iframe>'],
  ["white on white", '<font style="color:#fff">x</font>'],
].map(([trick = "", body = ""]): Forgery => ({ trick, message: mixed(usualHeader, html(body), signedEntity()), problems: ["partial", "prepended", "hiddenHtml"] }))

const encodedHtml: readonly Forgery[] = [
  {
    trick: "base64 HTML hides it", problems: ["partial", "prepended", "hiddenHtml"],
    message: mixed(usualHeader, lines("Content-Type: text/html", "Content-Transfer-Encoding: base64", "", Buffer.from('<div style="display:none">').toString("base64")), signedEntity()),
  },
  {
    trick: "quoted-printable HTML hides it", problems: ["partial", "prepended", "hiddenHtml"],
    message: mixed(usualHeader, lines("Content-Type: text/html", "Content-Transfer-Encoding: quoted-printable", "", "<div style=3D=22display=\r\n:none=22>"), signedEntity()),
  },
  { trick: "an order is loaded from elsewhere", message: mixed(usualHeader, html('<img src="https://evil.example/pay.png">'), signedEntity()), problems: ["partial", "prepended", "externalContent"] },
]

const external = lines('Content-Type: message/external-body; access-type=URL; URL="https://evil.example/x"', "", "Content-Type: text/plain", "", "")
const content: readonly Forgery[] = [
  { trick: "nothing is signed, the text is elsewhere", message: signedMessage({ entity: text("") }), problems: ["empty"] },
  { trick: "only white space is signed", message: signedMessage({ entity: text(" \r\n\t\r\n") }), problems: ["empty"] },
  { trick: "an empty multipart is signed", message: signedMessage({ entity: lines("Content-Type: multipart/mixed; boundary=x", "", "--x", text(""), "--x--", "") }), problems: ["empty"] },
  { trick: "other content is attached to a detached signature", message: signedMessage({ cms: { attached: Buffer.from(text(order)) } }), problems: ["empty"] },
  { trick: "an opaque signature without content", message: Buffer.from(lines(...usualHeader, cmsEntity(signedData(Buffer.from(""), [anySigner()])))), problems: ["empty"], form: "opaque" },
  { trick: "the signed part points elsewhere", message: signedMessage({ entity: external }), problems: ["externalContent"] },
  { trick: "so does an opaque one", message: opaqueMessage({ entity: lines("Content-Type: multipart/mixed; boundary=x", "", "--x", text("x"), "--x", external, "--x--", "") }), problems: ["externalContent"], form: "opaque" },
  { trick: "smime-type says that it is encrypted", message: Buffer.from(opaqueMessage().toString().replace("smime-type=signed-data", "smime-type=enveloped-data")), problems: ["malformed"], form: "opaque" },
  { trick: "lines end with LF in what is signed", message: signedMessage({ entity: usualEntity.replaceAll("\r\n", "\n") }), problems: ["notCanonical"] },
]

const shape: readonly Forgery[] = [
  { trick: "two From: fields", message: signedMessage({ header: [...usualHeader, "From: giamdoc@ubnd.tinh.example"] }), problems: ["ambiguousFrom"] },
  { trick: "no From:", message: signedMessage({ header: replaceHeader("From") }), problems: ["ambiguousFrom"] },
  { trick: "two Sender: fields", message: signedMessage({ header: [...usualHeader, "Sender: a@x.example", "Sender: b@x.example"] }), problems: ["ambiguousFrom"] },
  ...([
    "From: a@x.example, b@x.example", "From: <a@x.example> <b@x.example>", "From: Sếp: a@x.example;", "From: <@evil.example:a@x.example>", 'From: "a@x.example', "From: =?utf-8?q?a=40x.example?= b@x.example", "From: <a@x.example", "From:",
  ].map((from): Forgery => ({ trick: from, message: signedMessage({ header: replaceHeader("From", from) }), problems: ["ambiguousFrom"] }))),
  ...(["From: a@b@x.example", "From: a@x.example <b@x.example> c@x.example", "From: a@x.example (b@x.example)"]
    .map((from): Forgery => ({ trick: from, message: signedMessage({ header: replaceHeader("From", from) }), problems: ["ambiguousFrom", "misleadingDisplayName"] }))),
  ...([
    'From: "giamdoc@ubnd.tinh.example" <a@x.example>', 'From: "Giam doc <giamdoc@ubnd.tinh.example>" <a@x.example>', "From: =?utf-8?q?giamdoc=40ubnd=2Etinh=2Eexample?= <a@x.example>",
    "From: =?utf-8?B?Z2lhbWRvY++8oHVibmQudGluaC5leGFtcGxl?= <a@x.example>", 'From: "giamdoc @ ubnd . tinh . example" <a@x.example>', "From: =?utf-8?B?4oCuZ2lhbWRvYw==?= <a@x.example>",
    "From: =?utf-8?q?Giam_doc=0A=40x?= <a@x.example>", "From: =?utf-8?q?giamdoc=E2=80=8B=40ubnd.tinh.example?= <a@x.example>",
  ].map((from): Forgery => ({ trick: from, message: signedMessage({ header: replaceHeader("From", from) }), problems: ["misleadingDisplayName"] }))),
  ...([
    // dots that are none, and what is not seen in front of the sign
    'From: "giamdoc@ubnd。tinh。example" <a@x.example>', 'From: "giamdoc@ubnd·tinh·example" <a@x.example>', 'From: "giamdoc\u034f@ubnd.tinh.example" <a@x.example>', 'From: "giamdoc\ufe0f@ubnd.tinh.example" <a@x.example>',
    'From: "giamdoc\u2800@\u2800ubnd.tinh.example" <a@x.example>', 'From: "giamdoc\u3164@ubnd.tinh.example" <a@x.example>', 'From: "giamdoc﹫ubnd.tinh.example" <a@x.example>', 'From: "giámđốc\u{e0100}@ubnd.tinh.example" <a@x.example>',
    // what some readers decode and others do not
    "From: =?x-unknown?q?giamdoc=40ubnd=2Etinh=2Eexample?= <a@x.example>", "From: =?utf-7?q?giamdoc+AEA-ubnd.tinh.example?= <a@x.example>", "From: =?utf-8*vi?q?giamdoc=40ubnd=2Etinh=2Eexample?= <a@x.example>",
    "From: =?utf-8?q?giamdoc=40?= =?utf-8?q?ubnd.tinh.example?= <a@x.example>", 'From: "=?utf-8?q?giamdoc=40ubnd.tinh.example?=" <a@x.example>', 'From: "giamdoc=?utf-8?q?=40?=ubnd.tinh.example" <a@x.example>',
    'From: =?utf-8?q?=3D=3Futf-8=3Fq=3Fgiamdoc=3D40ubnd.tinh.example=3F=3D?= <a@x.example>',
    // escape sequences that show nothing, charsets that others know, octets that older readers take for more
    `From: ${word("iso-2022-jp", Buffer.from("giamdoc\x1b(B@\x1b(Bubnd.tinh.example"))} <a@x.example>`, `From: ${word("cp037", Buffer.from("878981947ca48295844ba3", "hex"))} <a@x.example>`,
    `From: ${word("utf-32", Buffer.from("giamdoc@ubnd.tinh.example"))} <a@x.example>`, `From: ${word("utf-8", Buffer.from("giamdoc\xc1\x80ubnd.tinh.example", "latin1"))} <a@x.example>`, `From: ${word("utf-8", Buffer.from("Giám đốc\u2028giamdoc"))} <a@x.example>`,
    'From: "giamdoc@ubnd" <a@x.example>', 'From: "giamdoc@ubnd.tinh.example"@x.example', "From: a@x.example (=?utf-8?q?giamdoc=40ubnd.tinh.example?=)", 'From: a@x.example (giamdoc＠ubnd.tinh.example)',
  ].map((from): Forgery => ({ trick: from, message: signedMessage({ header: replaceHeader("From", from) }), problems: ["misleadingDisplayName"] }))),
  ...(["From: giamdoc@ubnd.tinh.example (x).evil.example", "From: giamdoc@ubnd.tinh.example(x).evil.example", "From: <giamdoc@ubnd.tinh.example\r\n\t.evil.example>", "From: a@x.example b", "From: Sếp:;", "From: =?utf-8?q?a=40x.example?="]
    .map((from): Forgery => ({ trick: from, message: signedMessage({ header: replaceHeader("From", from) }), problems: ["ambiguousFrom"] }))),
  ...(["From : giamdoc@ubnd.tinh.example", "FROM: giamdoc@ubnd.tinh.example"].map((field): Forgery => ({ trick: `another ${field}`, message: signedMessage({ header: [...usualHeader, field] }), problems: ["ambiguousFrom"] }))),
  ...(["Subject : khác", "content-TYPE : text/html"].map((field): Forgery => ({ trick: `another ${field}`, message: signedMessage({ header: [field, ...usualHeader] }), problems: ["malformed"], ...(field.startsWith("content") ? { form: "none" as const } : {}) }))),
  { trick: "the signature part is HTML to some", message: Buffer.from(signedMessage().toString().replace("Content-Type: application/pkcs7-signature", "Content-Type: application/pkcs7-signature\r\nContent-Type: text/html")), problems: ["malformed"] },
  { trick: "the signature part is somebody's document", message: Buffer.from(signedMessage().toString().replace("filename=smime.p7s", "filename=lenh-chuyen-tien.pdf")), problems: ["malformed"] },
  { trick: "so it is by its other name", message: Buffer.from(signedMessage().toString().replace("name=smime.p7s", "name*=utf-8''l%E1%BB%87nh.html")), problems: ["malformed"] },
  { trick: "so is an opaque one", message: Buffer.from(opaqueMessage().toString().replace("name=smime.p7m", "name=lenh.pdf")), problems: ["malformed"], form: "opaque" },
  { trick: "a boundary by RFC 2231", message: Buffer.from(signedMessage().toString().replace('boundary="----ky-so"', "boundary*=us-ascii''----ky-so")), problems: [], form: "none" },
  { trick: "text behind a delimiter", message: Buffer.from(signedMessage().toString().replace("------ky-so\r\nContent-Type: application", `------ky-so Chuyen tien\r\nContent-Type: application`)), problems: ["malformed"] },
  { trick: "text behind the first delimiter", message: Buffer.from(signedMessage().toString().replace("------ky-so\r\n", `------ky-so Chuyen tien\r\n`)), problems: ["malformed"] },
  { trick: "a boundary in percent form and another", message: Buffer.from(signedMessage().toString().replace('boundary="----ky-so"', "boundary*0*=us-ascii''x; boundary=\"----ky-so\"")), problems: ["malformed"] },
  { trick: "the protocol said twice", message: Buffer.from(signedMessage().toString().replace('protocol="', 'protocol="application/pgp-signature"; protocol="')), problems: ["malformed"] },
  ...(["Subject: khác", "Date: Sat, 21 Nov 2026 10:00:00 +0700", "To: c@x.example", "Content-Type: text/plain", "MIME-Version: 1.0"]
    .map((field): Forgery => ({ trick: `another ${field}`, message: signedMessage({ header: [...usualHeader, field] }), problems: ["malformed"], ...(field.startsWith("Content-Type") ? { form: "none" as const } : {}) }))),
  // lines that are no field: some readers end the header there and show the rest, raw, as the letter
  ...([
    ["in the header", [...usualHeader, order]], ["before it", ["Chuyen 2 ty dong", ...usualHeader]], ["of white space alone", [usualHeader[0] ?? "", " ", ...usualHeader.slice(1)]], ["folded before the first field", [" From: giamdoc@ubnd.tinh.example", ...usualHeader]],
    ["a field's name behind a control", ["\x0bFrom: giamdoc@ubnd.tinh.example", ...usualHeader]], ["behind a byte order mark", ["\ufeffFrom: giamdoc@ubnd.tinh.example", ...usualHeader]], ["before a blank that is no space", ["From\u00a0: giamdoc@ubnd.tinh.example", ...usualHeader]],
  ] as const).map(([trick, header]): Forgery => ({ trick: `a line that is no field: ${trick}`, message: signedMessage({ header }), problems: ["malformed"] })),
  { trick: "an order in the header of the signature part", message: Buffer.from(signedMessage().toString().replace("Content-Disposition: attachment", `${order}\r\nContent-Disposition: attachment`)), problems: ["malformed"] },
  { trick: "the signature part has two names", message: Buffer.from(signedMessage().toString().replace("filename=smime.p7s", "filename=smime.p7s; filename=lenh.html")), problems: ["malformed"] },
  { trick: "so has an opaque one", message: Buffer.from(opaqueMessage().toString().replace("name=smime.p7m", "name=smime.p7m; name=lenh.html")), problems: ["malformed"], form: "opaque" },
  ...(["smime-type*=us-ascii''enveloped-data", "smime-type*0=enveloped; smime-type*1=-data"].map((type): Forgery => ({ trick: `it is encrypted, says ${type}`, message: Buffer.from(opaqueMessage().toString().replace("smime-type=signed-data", type)), problems: ["malformed"], form: "opaque" }))),
  { trick: "readers that do not put a boundary together show everything, preamble first", message: Buffer.from(signedMessage({ preamble: "Chuyen 2 ty dong vao tai khoan 0123.\r\n" }).toString().replace('boundary="----ky-so"', 'boundary*0="----"; boundary*1="ky-so"')), problems: ["malformed"] },
  { trick: "readers that decode the whole by its encoding see something else", message: Buffer.from(signedMessage().toString().replace("MIME-Version: 1.0", "MIME-Version: 1.0\r\nContent-Transfer-Encoding: x-uuencode")), problems: ["malformed"] },
  { trick: "two boundaries", message: Buffer.from(signedMessage().toString().replace('boundary="', 'boundary="----ky-so"; boundary="x')), problems: ["malformed"] },
  { trick: "the boundary comes again inside, so that some readers cut there", message: signedMessage({ entity: signedEntity() }), problems: ["malformed"] },
  { trick: "so it does in a message inside", message: signedMessage({ entity: lines("Content-Type: message/rfc822; forwarded=yes", "", signedMessage().toString()) }), problems: ["malformed"] },
  { trick: "no end of the multipart", message: Buffer.from(signedMessage().toString().replace("------ky-so--", "")), problems: ["malformed"] },
  { trick: "a protocol that is another", message: signedMessage({ protocol: "application/pgp-signature" }), problems: ["malformed"] },
  ...(["QUFB", "=", "_____\r\nDanh sách thư"].map((footer): Forgery => ({
    trick: `${JSON.stringify(footer)} behind an opaque signature`, message: padded((signers) => opaqueMessage({ signers }).toString()).replace(/\s*$/, `\r\n${footer}\r\n`), problems: ["appended"], form: "opaque",
  }))),
  { trick: "base64 behind that of the signature", message: padded((signers) => signedMessage({ signers }).toString()).replace("\r\n------ky-so--", "\r\nQUFB\r\n------ky-so--"), problems: ["appended"] },
]

const signers: readonly Forgery[] = [
  { trick: "a signer is added that signed something else", message: signedMessage({ cms: { certificates: [anySigner().certificate] }, signers: [anySigner(), other] }), problems: ["extraSigner"] },
  { trick: "the same signer twice", message: signedMessage({ signers: [anySigner(), anySigner()] }), problems: ["extraSigner"] },
  { trick: "no signer at all", message: signedMessage({ signers: [] }), problems: ["malformed"] },
  { trick: "no signer, content attached", message: opaqueMessage({ signers: [] }), problems: ["malformed"], form: "opaque" },
  { trick: "nine signers", message: signedMessage({ signers: Array.from({ length: 9 }, () => anySigner()) }), problems: ["tooManySigners"] },
  { trick: "33 certificates", message: signedMessage({ cms: { certificates: Array.from({ length: 33 }, () => other.certificate) } }), problems: ["tooManyCertificates"] },
]

const protectedEntity = (hp: string, ...fields: readonly string[]): string => lines(...fields, `Content-Type: text/plain; ${hp}`, "", "Nội dung.", "")
const wrapped = (...fields: readonly string[]): string => lines("Content-Type: message/rfc822", "", ...fields, "Content-Type: text/plain", "", "Nội dung.", "")
const headers: readonly Forgery[] = [
  { trick: "another From: outside than inside", message: signedMessage({ entity: protectedEntity("hp=clear", ...replaceHeader("From", "From: giamdoc@ubnd.tinh.example")) }), problems: ["headerMismatch"] },
  { trick: "another Subject: outside", message: signedMessage({ entity: protectedEntity('hp="clear"', ...replaceHeader("Subject", "Subject: khac")) }), problems: ["headerMismatch"] },
  { trick: "a Cc: added outside", message: signedMessage({ header: [...usualHeader, "Cc: d@x.example"], entity: protectedEntity("hp=clear", ...usualHeader) }), problems: ["headerMismatch"] },
  { trick: "another From: than in the wrapped message", message: opaqueMessage({ entity: wrapped(...replaceHeader("From", "From: giamdoc@ubnd.tinh.example")) }), problems: ["headerMismatch"], form: "opaque" },
  ...(["To: c@x.example", "Date: Sat, 21 Nov 2026 11:00:00 +0700", "Sender: giamdoc@ubnd.tinh.example", "Reply-To: ke.gian@x.example", "Mail-Reply-To: ke.gian@x.example", "Mail-Followup-To: ke.gian@x.example",
    "Disposition-Notification-To: ke.gian@x.example", "In-Reply-To: <lenh-chuyen-tien@x.example>", "References: <lenh-chuyen-tien@x.example>"].map((field): Forgery => {
    const name = field.slice(0, field.indexOf(":"))
    return { trick: `replayed with ${field}`, message: signedMessage({ header: replaceHeader(name, field), entity: protectedEntity("hp=clear", ...usualHeader) }), problems: ["headerMismatch"], differs: [name.toLowerCase()] }
  })),
  { trick: "replayed as the answer to another letter", message: signedMessage({ header: [...usualHeader, "In-Reply-To: <khac@x.example>"], entity: protectedEntity("hp=clear", ...usualHeader, "In-Reply-To: <that@x.example>") }), problems: ["headerMismatch"], differs: ["in-reply-to"] },
  { trick: "replayed with one more letter before it", message: signedMessage({ header: [...usualHeader, "References: <a@x.example> <khac@x.example>"], entity: protectedEntity('protected-headers="v1"', ...usualHeader, "References: <a@x.example>") }), problems: ["headerMismatch"], differs: ["references"] },
  { trick: "Cc: taken away", message: signedMessage({ entity: protectedEntity("hp=clear", ...usualHeader, "Cc: kiemtra@tinh.example") }), problems: ["headerMismatch"], differs: ["cc"] },
  { trick: "HP-Outer does not excuse what is shown", message: signedMessage({ header: replaceHeader("Subject", "Subject: [...]"), entity: protectedEntity('hp="cipher"', ...usualHeader, "HP-Outer: Subject: [...]") }), problems: ["headerMismatch"], differs: ["subject"] },
  { trick: "hp said by RFC 2231", message: signedMessage({ entity: protectedEntity("hp*=us-ascii''clear", ...replaceHeader("From", "From: giamdoc@ubnd.tinh.example")) }), problems: ["headerMismatch"], differs: ["from"] },
  { trick: "another author inside the signature inside", message: signedMessage({ entity: signedEntity({ boundary: "ben-trong", entity: protectedEntity("hp=clear", ...replaceHeader("From", "From: giamdoc@ubnd.tinh.example")) }) }), problems: ["headerMismatch"], differs: ["from"] },
  { trick: "text for an address", message: signedMessage({ header: replaceHeader("To", "To: <>"), entity: protectedEntity("hp=clear", ...replaceHeader("To", "To: ,,")) }), problems: ["headerMismatch"], differs: ["to"] },
  { trick: "another From: than in a wrapped message of RFC 6532", message: opaqueMessage({ entity: wrapped(...replaceHeader("From", "From: giamdoc@ubnd.tinh.example")).replace("message/rfc822", "message/global") }), problems: ["headerMismatch"], form: "opaque" },
  { trick: "another From: than in an opaque signature within", message: signedMessage({ header: replaceHeader("From", "From: giamdoc@ubnd.tinh.example"), entity: opaqueEntity({ entity: protectedEntity("hp=clear", ...usualHeader) }) }), problems: ["headerMismatch"], differs: ["from"] },
  {
    trick: "another Subject: than in an opaque signature within one within another", problems: ["headerMismatch"], differs: ["subject"], form: "opaque",
    message: opaqueMessage({ header: replaceHeader("Subject", "Subject: khác"), entity: signedEntity({ boundary: "ben-trong", entity: opaqueEntity({ entity: protectedEntity("hp=clear", ...usualHeader) }) }) }),
  },
  { trick: "the same, and the innermost signature is cut short", message: opaqueMessage({ header: replaceHeader("Subject", "Subject: khác"), entity: opaqueEntity({ entity: protectedEntity("hp=clear", ...usualHeader) }).slice(0, -40) }), problems: ["headerMismatch"], differs: ["subject"], form: "opaque" },
  { trick: "the innermost header is longer than is looked at", message: opaqueMessage({ entity: opaqueEntity({ entity: protectedEntity("hp=clear", `X-Dai: ${"x ".repeat(40_000)}`, ...usualHeader) }) }), problems: ["tooLarge"], form: "opaque" },
  { trick: "more signatures within each other than anybody has", message: opaqueMessage({ entity: [1, 2, 3, 4].reduce((inside) => opaqueEntity({ entity: inside }), opaqueEntity()) }), problems: ["tooDeep"], form: "opaque" },
  { trick: "another Date: than in the older scheme", message: signedMessage({ entity: protectedEntity("protected-headers=v1", "Date: Fri, 20 Nov 2025 10:00:00 +0700", ...replaceHeader("Date")) }), problems: ["headerMismatch"] },
]

describe("what is shown is not what was signed", () => {
  test.each([...around, ...hidden, ...encodedHtml, ...content, ...shape, ...signers, ...headers])("$trick: $problems", async ({ message, problems, form = "multipart", differs }) => {
    const found = await verify(message)
    expect(found.form).toBe(form)
    if (form !== "none") expect([...found.problems].sort()).toEqual([...problems].sort())
    if (differs) expect(found).toMatchObject({ headerProtection: "differs", headerDiffers: differs })
  })
})

describe("a signature that is not the signer's word", () => {
  const part = Buffer.from(usualEntity)
  const [type = part, time = part, digest = part] = usualAttributes(part)
  test.each<[string, Buffer, readonly SignatureProblem[]]>([
    ["the text is changed", signedMessage({ shown: usualEntity.replace("11", "12") }), ["broken"]],
    ["a header of the signed part is changed", signedMessage({ shown: usualEntity.replace("8bit", "7bit") }), ["broken"]],
    ["content-type says something else", signedMessage({ cms: { attributes: [attribute(cmsOids.contentType, oid(cmsOids.signedData)), digest, time] } }), ["contentTypeMismatch"]],
    ["eContentType says something else", signedMessage({ cms: { contentType: "1.2.840.113549.1.9.16.1.4" } }), ["contentTypeMismatch"]],
    ["SHA-1", signedMessage({ cms: { digest: "sha1" } }), ["weakAlgorithm"]],
    ["SHA-1 with PSS", signedMessage({ signers: [newSigner("rsa")], cms: { digest: "sha1", pss: true } }), ["weakAlgorithm"]],
    ["its certificate did not come along", signedMessage({ cms: { certificates: [other.certificate] } }), ["noCertificate"]],
    ["it names another certificate (RFC 5035)", signedMessage({
      cms: { attributes: [type, digest, attribute(cmsOids.signingCertificateV2, sequenceOfHash(Buffer.alloc(32)))] },
    }), ["broken"]],
  ])("%s", async (_what, message, problems) => {
    const found = await verify(message)
    expect(found).toMatchObject({ form: "multipart", problems: [] })
    expect(found.signers).toMatchObject([{ intact: false, problems }])
  })

  test.each<[string, readonly Buffer[]]>([
    ["message-digest twice", [type, digest, digest]],
    ["message-digest missing", [type, time]],
    ["content-type missing", [digest, time]],
    ["signing-time twice", [type, digest, time, time]],
    ["two values", [type, attribute(cmsOids.messageDigest, Buffer.from([4, 1, 0]), Buffer.from([4, 1, 1]))]],
    ["signing-time that is none", [type, digest, attribute(cmsOids.signingTime, Buffer.from([4, 1, 0]))]],
  ])("signed attributes with %s are malformed", async (_what, attributes) => {
    expect(await verify(signedMessage({ cms: { attributes } }))).toMatchObject({ form: "multipart", problems: ["malformed"], signers: [] })
  })

  test("signed attributes passed off as content", async () => {
    const signer = newSigner()
    const attributes = usualAttributes(part).sort((one, two) => Buffer.compare(one, two))
    // the same bytes under the signature: first as attributes, then as a content without any
    const bytes = Buffer.concat([Buffer.from([0x31, Buffer.concat(attributes).length]), ...attributes])
    const message = Buffer.from(lines(...usualHeader, cmsEntity(signedData(bytes, [signer], { attributes: "none", attached: bytes }))))
    expect((await verify(message)).signers).toMatchObject([{ intact: false, problems: ["contentTypeMismatch"] }])
  })
})

const sequenceOfHash = (hash: Buffer): Buffer => {
  const wrap = (tag: number, inner: Buffer): Buffer => Buffer.concat([Buffer.from([tag, inner.length]), inner])
  return wrap(0x30, wrap(0x30, wrap(0x30, wrap(0x04, hash))))
}

describe("honest messages of the same shapes are good", () => {
  test.each<[string, Buffer | string, object]>([
    ["OpenSSL's preamble", signedMessage({ preamble: "This is an S/MIME signed message\r\n\r\n" }), {}],
    ["white space behind the boundary", signedMessage().toString().replaceAll("------ky-so\r\n", "------ky-so  \t\r\n"), {}],
    ["white space behind the end", signedMessage({ epilogue: "\r\n \r\n" }), {}],
    ["protected header", signedMessage({ entity: protectedEntity("hp=clear", ...usualHeader) }), { headerProtection: "matches" }],
    ["protected header, encoded and folded otherwise", signedMessage({ entity: protectedEntity("hp=clear", ...replaceHeader("Subject", "Subject: =?utf-8?B?QsOhbw==?=\r\n =?utf-8?B?IGPDoW8=?=")) }), { headerProtection: "matches" }],
    ["a signature with a name of its own", signedMessage().toString().replace("filename=smime.p7s", "filename*=utf-8''ch%E1%BB%AF%20k%C3%BD.P7S"), {}],
    ["a signature without a name", signedMessage().toString().replace("; name=smime.p7s", "").replace("; filename=smime.p7s", ""), {}],
    ["an address-like name that is the address, in quotes", signedMessage({ header: replaceHeader("From", "From: \"A@X.example\" <a@x.example>") }), {}],
    ["a Vietnamese name with marks apart", signedMessage({ header: replaceHeader("From", `From: "${"Nguyễn Đặng Hằng @ Sở".normalize("NFD")}" <a@x.example>`) }), {}],
    ["a protected conversation of which servers have left out the beginning", signedMessage({ header: [...usualHeader, "References: <b@x.example>"], entity: protectedEntity("hp=clear", ...usualHeader, "References: <a@x.example>\r\n <b@x.example>", "In-Reply-To: <b@x.example>") }), { headerProtection: "matches" }],
    ["fields that servers add on the way", signedMessage({ header: ["Received: from a by b; Fri, 20 Nov 2026 10:00:00 +0700", "DKIM-Signature: v=1", "List-Id: <x.tinh.example>", ...usualHeader], entity: protectedEntity("hp=clear", ...usualHeader) }), { headerProtection: "matches" }],
    ["written for an encrypted message, and taken out of it", signedMessage({ entity: protectedEntity('hp="cipher"', ...usualHeader, ...usualHeader.map((line) => `HP-Outer: ${line}`)) }), { headerProtection: "opened" }],
    ["protected inside another signature", signedMessage({ entity: signedEntity({ boundary: "ben-trong", entity: protectedEntity("hp=clear", ...usualHeader) }) }), { headerProtection: "matches" }],
    ["protected inside an opaque signature within another", signedMessage({ entity: opaqueEntity({ entity: protectedEntity("hp=clear", ...usualHeader) }) }), { headerProtection: "matches" }],
    ["protected inside an opaque one within another opaque one", opaqueMessage({ entity: opaqueEntity({ entity: protectedEntity("hp=clear", ...usualHeader) }) }), { form: "opaque", headerProtection: "matches" }],
    ["protected inside a large opaque one", signedMessage({ entity: opaqueEntity({ entity: `${protectedEntity("hp=clear", ...usualHeader)}${"Kính gửi.\r\n".repeat(20_000)}` }) }), { headerProtection: "matches" }],
    ["an opaque signature within another that protects nothing", signedMessage({ entity: opaqueEntity() }), { headerProtection: "none" }],
    ["older protected header", signedMessage({ entity: protectedEntity('protected-headers="v1"', "From: A <a.nguyen@soyte.tinh.example>"), header: replaceHeader("From", "From: A <A.nguyen@SOYTE.tinh.example>") }), { headerProtection: "matches" }],
    ["wrapped message", opaqueMessage({ entity: wrapped(...usualHeader) }), { form: "opaque", headerProtection: "matches" }],
    ["a forwarded message that says so", signedMessage({ entity: wrapped("From: x@y.example").replace("message/rfc822", "message/rfc822; forwarded=yes") }), { headerProtection: "none" }],
    ["white space around an address", signedMessage({ header: replaceHeader("From", "From: Văn thư  < a@x.example >  ") }), { from: ["a@x.example"] }],
    ["one Sender:", signedMessage({ header: [...usualHeader, "Sender: Văn thư <vanthu@soyte.tinh.example>"] }), { sender: ["vanthu@soyte.tinh.example"] }],
    ["a name in a comment", signedMessage({ header: replaceHeader("From", "From: a@x.example (So Y te)") }), { from: ["a@x.example"] }],
    ["the address itself as the name", signedMessage({ header: replaceHeader("From", 'From: "A@x.example" <a@x.example>') }), { from: ["a@x.example"] }],
    ["a quoted local part", signedMessage({ header: replaceHeader("From", 'From: "a b"@x.example') }), { from: ['"a b"@x.example'] }],
    ["two signers", signedMessage({ signers: [anySigner(), other] }), {}],
    ["an attachment in what is signed", signedMessage({ entity: lines("Content-Type: multipart/mixed; boundary=x", "", "--x", text("x"), "--x", html("<div style='display:none'>"), "--x--", "") }), {}],
    ["file name only", opaqueMessage().toString().replace("application/pkcs7-mime; smime-type=signed-data; name=smime.p7m", 'application/octet-stream; name="SMIME.P7M"'), { form: "opaque" }],
    ["x- types", opaqueMessage().toString().replace("pkcs7-mime", "x-pkcs7-mime"), { form: "opaque" }],
    ["x- signature types", signedMessage({ protocol: "application/x-pkcs7-signature" }).toString().replace("Type: application/pkcs7-signature", "Type: application/x-pkcs7-signature"), {}],
  ])("%s", async (_what, message, more) => {
    const found = await verify(message)
    expect(found).toMatchObject({ form: "multipart", problems: [], ...more })
    expect(found.signers.length).toBeGreaterThan(0)
    expect(found.signers.every(({ intact }) => intact)).toBe(true)
  })

  test.each<[string, Buffer | string]>([
    ["a plain letter", lines(...usualHeader, "", "Kính gửi")],
    ["a signed message forwarded as an attachment", mixed(usualHeader, text("Xem thư đính kèm."), lines("Content-Type: message/rfc822", "", signedMessage().toString()))],
    ["PGP/MIME", lines(...usualHeader, 'Content-Type: multipart/signed; protocol="application/pgp-signature"; boundary=x', "", "--x", text("x"), "--x", "Content-Type: application/pgp-signature", "", "-----BEGIN", "--x--", "")],
  ])("%s has no signature", async (_what, message) => {
    expect(await verify(message)).toEqual({
      form: "none", problems: [], signers: [], certificates: [], revocationInfo: [], encryptedInside: false, tripleWrapped: false, headerProtection: "none",
      from: ["a.nguyen@soyte.tinh.example"], sender: [],
    })
  })

  test("a signature part alone says nothing", async () => {
    expect(await verify(lines(...usualHeader, ...signaturePart(signedData(Buffer.from(usualEntity), [anySigner()]))))).toMatchObject({ form: "none" })
  })
})
