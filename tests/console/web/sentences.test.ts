import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { describe, expect, test } from "vitest"
import { fieldText } from "../../../src/console/text/fields.ts"
import { certificateFileText } from "../../../src/console/text/certificates.ts"
import { policyProblemText, policyWarningText } from "../../../src/console/text/policy-problems.ts"
import { unusablePairText } from "../../../src/console/text/public.ts"
import { notSentText } from "../../../src/console/text/reports.ts"
import { sentences } from "../../../src/console/web/sentences.ts"
import type { Catalogue } from "../../../src/console/web/words.ts"
import { readPolicy } from "../../../src/policy/read-policy.ts"
import { readPair } from "../../../src/tls/certificate-pair.ts"

/** What other parts of the program say in English is found in the catalogues by its words: both must stay in step. */
const source = (path: string): string => fileURLToPath(new URL(`../../../src/${path}`, import.meta.url))
const textOf = (...paths: readonly string[]): string => paths.map((path) => readFileSync(source(path), "utf8")).join("\n").replaceAll('\\"', '"').replaceAll("\\'", "'")

const policyFiles = ["policy-document.ts", "read-policy.ts", "contradictions.ts", "directory-names.ts"].map((name) => `policy/${name}`)
const parts = [
  { name: "policies", catalogue: { ...policyProblemText, ...policyWarningText }, files: policyFiles },
  { name: "certificate files", catalogue: certificateFileText, files: ["pki/read-certificates.ts", "pki/pkcs12.ts", "accounts/import/read-certificate-files.ts"] },
  { name: "reports of ours", catalogue: notSentText, files: ["reports/send-by-post.ts", "reports/own-reports.ts"] },
  { name: "certificates of listeners", catalogue: unusablePairText, files: ["tls/certificate-pair.ts", "tls/certificate-files.ts"] },
]

describe.each<{ readonly name: string; readonly catalogue: Catalogue; readonly files: readonly string[] }>(parts)("$name", ({ catalogue, files }) => {
  // zod's own, and words that are put in by a template
  const elsewhere = /it is none of PEM|asked \(it |Too big: expected array|directory has no (?:unit|group|account)|, where a$|did not answer within| 10000$|-10000$/
  const said = textOf(...files)
  test("every sentence of the catalogue is one that is said", () => {
    const pieces = Object.values(catalogue).flatMap(({ en }) => en.split(/\{\w+\}/).map((piece) => piece.replace(/^[:;,. ("]+|[:;,. ()"]+$/g, ""))).filter((piece) => piece.length > 6 && !elsewhere.test(piece))
    expect(pieces.length).toBeGreaterThan(4)
    expect(pieces.filter((piece) => !said.includes(piece))).toEqual([])
  })
})

test("every sentence that the check of a policy may say has Vietnamese words", () => {
  const known = sentences(policyProblemText)
  const literals = [...textOf(...policyFiles).matchAll(/(["'`])((?:is|has|says|does|tells|asks|no message|nobody|whoever|only|inbound mail|mail that|there is no problem|aliases|the file|"\$\{)(?:(?!\1).)*)\1/g)].map(([, , text = ""]) => text.replace(/\$\{(?:[^{}]|\{[^{}]*\})*\}/g, "x").replaceAll("\\'", "'"))
  const others = new Set(["is", "has", "only", "says", "does", "the file"])
  const sentencesSaid = literals.filter((text) => text.includes(" ") && !others.has(text) && !text.includes("${"))
  expect(sentencesSaid.length).toBeGreaterThan(40)
  expect(sentencesSaid.filter((text) => known(text, "vi") === undefined)).toEqual([])
})

test("what is put in is kept, in both languages; a sentence that is not known, or too long, is none", () => {
  const known = sentences(policyProblemText)
  const read = readPolicy("format: 1\nrules:\n  - { id: a, verdict: accept, from: 2027-02-31 }\n  - { id: b, when: 5, verdict: accept }\n")
  const reasons = read.ok ? [] : read.failure.map(({ reason }) => reason)
  expect(reasons.map((reason) => known(reason, "vi"))).toEqual(["“2027-02-31” không phải ngày, ví dụ 2027-01-31", "có kiểu number, cần kiểu object"])
  expect(reasons.map((reason) => known(reason, "en"))).toEqual(reasons)
  expect([known("is something new", "vi"), known(`"${"x".repeat(600)}" is no date such as 2027-01-31`, "vi")]).toEqual([undefined, undefined])
})

test("a pair of files that cannot be served with says so in Vietnamese", () => {
  const pair = readPair({ cert: "x", key: "y" })
  expect(sentences(unusablePairText)(`/etc/a.pem: ${pair.ok ? "" : pair.failure}`, "vi")).toBe("/etc/a.pem: tệp chứng thư không có chứng thư PEM")
})

test("every field of a form has a name for the page about what was not saved", () => {
  const pages = readdirSync(source("console/pages"), { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".ts")).map((name) => readFileSync(join(source("console/pages"), name), "utf8")).join("\n")
  const names = [...pages.matchAll(/\b(?:field|textArea|choice|suggested)\((?:visit, )?\{\s*name: "(\w+)"/g)].map(([, name = ""]) => name)
  // the address has what is looked for; a secret is not shown again
  const lookedFor = ["q", "month", "older", "expiring", "bounceClass", "against", "protocol"]
  const secrets = ["password", "current", "wanted", "again"]
  expect(names.length).toBeGreaterThan(40)
  expect([...new Set(names)].filter((name) => !Object.hasOwn(fieldText, name) && ![...lookedFor, ...secrets].includes(name))).toEqual([])
})
