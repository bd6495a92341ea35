import { readFileSync } from "node:fs"
import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { policyLimits } from "../../src/policy/policy-document.ts"
import { describePolicyProblem, readPolicy } from "../../src/policy/read-policy.ts"

const shipped = readFileSync(new URL("../../config/policy.yaml", import.meta.url), "utf8")

const problems = (source: string): readonly string[] => {
  const read = readPolicy(source)
  return read.ok ? [] : read.failure.map(describePolicyProblem)
}

/** A policy of one rule, whose `when` is given in YAML flow style at line 4, column 11. */
const when = (condition: string, more = ""): string => `format: 1\nrules:\n  - id: a\n    when: ${condition}\n    verdict: accept\n${more}`
const verdict = (text: string): string => `format: 1\nrules:\n  - id: a\n    verdict: ${text}\n`

describe("a policy file", () => {
  test("as shipped is good", () => {
    expect(problems(shipped)).toEqual([])
  })

  test("may say one thing or a list of them", () => {
    expect(readPolicy(when("{ direction: inbound }"))).toEqual(readPolicy(when("{ direction: [inbound] }")))
  })

  test.each<[string, string, readonly string[]]>([
    ["is no YAML", "format: 1\nrules: [", ['2:9: Flow sequence in block collection must be sufficiently indented and end with a ]']],
    ["is empty", "", ["1:1: the file is empty"]],
    ["has a key twice", "format: 1\nformat: 1\n", ["2:1: Map keys must be unique"]],
    ["has another format", "format: 2\nrules:\n  - { id: a, verdict: accept }\n", ["1:9: format: is not 1, the only format there is"]],
    ["has no rules", "format: 1\nrules: []\n", ["2:8: rules: is an empty list"]],
    ["misses the rules", "format: 1\n", ["1:1: rules: is missing"]],
    ["has an unknown key at the top", "format: 1\nrule: x\nrules:\n  - { id: a, verdict: accept }\n", ["2:1: rule: is no key that is known here"]],
    ["has an unknown key in a condition", when("{ direktion: inbound }"), ["4:13: rules.0.when.direktion: is no key that is known here"]],
    ["has an unknown direction", when("{ direction: sideways }"), ["4:24: rules.0.when.direction.0: is none of submission, internal, inbound, outbound"]],
    ["has an unknown problem in a list", when("{ signature: { problem: [revoked, lost] } }"), ["4:45: rules.0.when.signature.problem.1: is none of the 40 words that docs/policy.md lists"]],
    ["has the same id twice", "format: 1\nrules:\n  - { id: a, when: { notification: true }, verdict: accept }\n  - { id: a, verdict: accept }\n", ['4:11: rules.1.id: "a" is the id of rule 1 already']],
    ["has a rule without id", "format: 1\nrules:\n  - verdict: accept\n", ["3:5: rules.0.id: is missing"]],
    ["has a rule that is never reached", "format: 1\nrules:\n  - { id: a, verdict: accept }\n  - { id: b, verdict: accept }\n", ['4:5: rules.1: is never reached: "a" above decides every message']],
    ["has no verdict", verdict("{}"), ["4:14: rules.0.verdict: is not exactly one of accept, mark, sign, hold, quarantine, reject"]],
    ["has two verdicts", verdict("{ accept: {}, sign: { key: k } }"), ["4:14: rules.0.verdict: is not exactly one of accept, mark, sign, hold, quarantine, reject"]],
    ["has a status of another class", verdict("{ reject: { status: 5.1.1, vi: a, en: b } }"), ['4:34: rules.0.verdict.reject.status: is neither a status 5.7.x, 4.7.x or 4.4.3 nor "signature"']],
    ["has no Vietnamese reason", verdict("{ reject: { status: 5.7.1, en: b } }"), ["4:24: rules.0.verdict.reject.vi: is missing"]],
    ["has a placeholder that is none", verdict('{ reject: { status: 5.7.1, vi: "{sigature}", en: b } }'), ['4:45: rules.0.verdict.reject.vi: has "{sigature}" in it; only {signature}, {sender}, {rule} are replaced']],
    ["has a line break in a reason", verdict('{ reject: { status: 5.7.1, vi: "a\\r\\nQUIT", en: b } }'), ["4:45: rules.0.verdict.reject.vi: has a line break or control character in it"]],
    ["has a keyword that is a system flag", verdict('{ mark: { keyword: "\\\\Seen", vi: a, en: b } }'), ["4:33: rules.0.verdict.mark.keyword: is no IMAP keyword such as $Unsigned"]],
    ["tells a sender of mail from outside", "format: 1\nrules:\n  - { id: a, when: { direction: inbound }, verdict: { mark: { tellSender: true, vi: a, en: b } } }\n", ["3:75: rules.0.verdict.mark.tellSender: nobody outside is told: inbound mail has no sender here"]],
    ["asks nobody for approval", verdict("{ hold: { approvers: boss, vi: a, en: b } }"), ["4:35: rules.0.verdict.hold.approvers.0: is neither an address nor one of administrators"]],
    ["tells nobody", verdict("{ quarantine: { notify: [recipients, Sender], vi: a, en: b } }"), ["4:51: rules.0.verdict.quarantine.notify.1: is neither an address nor one of sender, recipients, administrators"]],
    ["lets recipients release what they do not hear of", verdict("{ quarantine: { notify: administrators, release: recipients, vi: a, en: b } }"), ["4:63: rules.0.verdict.quarantine.release: is recipients, who do not hear of the message: add recipients to notify"]],
    ["has a date that is none", "format: 1\nrules:\n  - { id: a, from: 2027-02-30, verdict: accept }\n", ['3:20: rules.0.from: "2027-02-30" is no date such as 2027-01-31']],
    ["ends before it begins", "format: 1\nrules:\n  - { id: a, from: 2027-02-02, until: 2027-02-01, verdict: accept }\n", ["3:39: rules.0.until: is before from: the rule is never in force"]],
    ["has a size that is none", when("{ size: { over: 10 } }"), ["4:27: rules.0.when.size.over: is no size such as 10MiB"]],
    ["has hours that are none", when('{ time: { hours: "7-17" } }'), ['4:28: rules.0.when.time.hours: "7-17" is no period such as "07:30-17:30"']],
    ["has an empty domain", when("{ sender: { domain: bo } }"), ["4:31: rules.0.when.sender.domain.0: is no domain such as bo.example (its subdomains are meant too)"]],
    ["names a class that is not there", when("{ document: secret }"), ['4:23: rules.0.when.document: "secret" is no class of the section documents']],
    ["names a list that is not there", when("{ any: [{ sender: { domainList: toString } }] }"), ['4:43: rules.0.when.any.0.sender.domainList: "toString" is no list of the section domains']],
    ["has a pattern of stars", when("{ document: d }", "documents:\n  d:\n    - { in: subject, pattern: '**' }\n"), ['8:31: documents.d.0.pattern.0: "**" has no letter or digit to look for, or not at the mark\'s ends']],
    ["has a class that looks for nothing", when("{ document: d }", "documents:\n  d:\n    - { in: subject }\n"), ["8:7: documents.d.0: says where to look but not for what: give mark or pattern"]],
    ["has a name that is none", when("{ document: d }", 'documents:\n  "đ mật":\n    - { in: subject, mark: MẬT }\n'), ["7:3: documents.đ mật: is no name: letters, digits and hyphens, a letter first"]],
    ["uses an alias", "format: 1\nrules:\n  - { id: a, when: &w { notification: true }, verdict: accept }\n  - { id: b, when: *w, verdict: accept }\n", ["4:20: aliases (*name) are not allowed here: write it out"]],
    ["has an empty condition", when("{ not: {} }"), ["4:18: rules.0.when.not: is empty: leave it out when the rule is for every message"]],
  ])("that %s is told where", (_name, source, expected) => {
    expect(problems(source)).toEqual(expected)
  })

  test.each<[string, string]>([
    ["{ direction: inbound, authentication: password }", "4:49: rules.0.when.authentication: inbound mail is not signed in"],
    ["{ direction: internal, authentication: none }", "4:50: rules.0.when.authentication: only inbound mail comes without signing in"],
    ["{ direction: submission, sender: { kind: foreign } }", "4:44: rules.0.when.sender: mail that is submission has no foreign sender"],
    ["{ direction: internal, recipient: { local: false } }", "4:45: rules.0.when.recipient: mail that is internal has no foreign recipient"],
    ["{ size: { over: 2MiB, under: 1MiB } }", "4:19: rules.0.when.size: no message is over and under these sizes"],
    ["{ signature: { status: valid, problem: revoked } }", "4:50: rules.0.when.signature.problem: there is no problem when the status is valid"],
    ["{ signature: { status: missing, form: opaque } }", "4:49: rules.0.when.signature.form: does not go with the status"],
    ["{ tls: { used: false, version: TLSv1.3 } }", "4:18: rules.0.when.tls: asks for a version, cipher or certificate where TLS is not used"],
    ["{ sender: { kind: foreign, unit: SNV } }", "4:29: rules.0.when.sender.kind: nobody foreign belongs to a unit or group"],
    ["{ sender: { kind: personal, local: false } }", "4:29: rules.0.when.sender.kind: whoever is not local is foreign"],
    ["{ all: [{ direction: inbound }, { direction: outbound }] }", "4:11: rules.0.when: no message has a direction that fits all of these"],
    ["{ direction: inbound, all: [{ all: [{ authentication: local }] }] }", "4:38: rules.0.when.all: inbound mail is not signed in"],
    ["{ sender: { kind: personal }, all: [{ sender: { kind: organizational } }] }", "4:11: rules.0.when: no message has a kind of sender that fits all of these"],
  ])("with the contradiction %s is refused", (condition, expected) => {
    expect(problems(when(condition))).toEqual([expected])
  })

  test("that speaks of a valid signature's problem is refused", () => {
    expect(problems('format: 1\nrules:\n  - id: a\n    when: { signature: { status: valid } }\n    verdict: { reject: { status: signature, vi: "{signature}", en: b } }\n')).toEqual([
      "5:14: rules.0.verdict: tells what is wrong with the signature, but the rule is about valid ones",
    ])
  })

  test("is bounded in nesting, size, rules and brackets", () => {
    const nested = (depth: number): string => (depth === 0 ? "{ notification: true }" : `{ not: ${nested(depth - 1)} }`)
    expect(problems(when(nested(policyLimits.nesting)))).toEqual([])
    expect(problems(when(nested(policyLimits.nesting + 1)))[0]).toMatch(/is nested more than 5 deep: make it two rules$/)
    expect(problems("#".repeat(policyLimits.bytes + 1))).toEqual(["1:1: the file is larger than 64 KiB"])
    expect(problems(`format: 1\nrules: ${"[".repeat(60_000)}`)[0]).toMatch(/^2:\d+: the file is nested too deeply$/)
    expect(problems(`format: 1\nrules: [${'{ id: a, when: { notification: true }, verdict: accept },'.repeat(policyLimits.rules + 1)}]\n`)[0]).toBe("2:8: rules: has more than 200 rules")
  })

  test("never throws, and names a place inside the file", () => {
    const token = fc.constantFrom("format: 1\n", "rules:\n", "  - id: a\n", "    when:\n", "      all:\n", "        - ", "{ ", " }", "[", "]", "direction: inbound", "*a", "&a ", "!!map ", "? ", ": ", "- ", "|\n", "\t", "\n", "verdict: accept\n", "__proto__: 1\n", "documents:\n", "  d:\n", "'", '"', "#", "\u0000")
    fc.assert(
      fc.property(fc.array(token, { maxLength: 40 }), (tokens) => {
        const source = tokens.join("")
        const read = readPolicy(source)
        if (read.ok) return
        const lines = source.split("\n")
        expect(read.failure.length).toBeGreaterThan(0)
        for (const { line, column } of read.failure) {
          expect(line).toBeGreaterThan(0)
          expect(line).toBeLessThanOrEqual(lines.length)
          expect(column).toBeLessThanOrEqual((lines[line - 1]?.length ?? 0) + 1)
        }
      }),
      { numRuns: 500 },
    )
  })
})
