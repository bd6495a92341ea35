import fc from "fast-check"
import { expect, test } from "vitest"
import { commandTable } from "../../src/imap/command-table.ts"
import { ImapSyntaxError, Reader } from "../../src/imap/grammar/reader.ts"

test("every command is in the table once in each of its forms", () => {
  const names = commandTable.flatMap(({ name, forms }) => forms.map((form) => `${form} ${name}`))
  expect(new Set(names).size).toBe(names.length)
})

// RFC 3501 §6 and the extensions announced in capabilities.ts
test.each(["CAPABILITY", "NOOP", "LOGOUT", "STARTTLS", "AUTHENTICATE", "LOGIN", "SELECT", "EXAMINE", "CREATE", "DELETE", "RENAME", "SUBSCRIBE", "UNSUBSCRIBE", "LIST", "LSUB", "STATUS", "APPEND", "CHECK", "CLOSE", "EXPUNGE", "SEARCH", "FETCH", "STORE", "COPY", "ID", "ENABLE", "IDLE", "NAMESPACE", "UNSELECT", "MOVE", "GETQUOTA", "GETQUOTAROOT", "SETQUOTA"])("%s is there", (name) => {
  expect(commandTable.some((row) => row.name === name)).toBe(true)
})

test("whatever a client writes, parsing throws nothing but a syntax error", () => {
  const word = fc.oneof(
    fc.constantFrom(" ", " ", " ", "(", ")", "*", "%", "\"", "\\", "{", "}", "[", "]", "<0.1>", "1:*", "1", "INBOX", "FLAGS", "BODY[", "BODY.PEEK[1.2.MIME]", "RETURN", "STATUS", "CHARSET", "UTF-8", "NOT", "OR", "\\Seen", "NIL", "\"a\"", "&AO4-", "&", "UNCHANGEDSINCE", "CONDSTORE", "USE", "\u0000", "\u00ff"),
    fc.string({ maxLength: 6 }),
  )
  const line = fc.array(word, { maxLength: 14 }).map((words) => words.join(""))
  fc.assert(
    fc.property(fc.nat(commandTable.length - 1), line, fc.option(line), (at, text, literal) => {
      const row = commandTable[at]
      if (row?.kind !== "whole") return
      for (const form of row.forms) {
        const segments = [{ kind: "text" as const, bytes: Buffer.from(` ${text}`, "latin1") }, ...(literal === null ? [] : [{ kind: "literal" as const, bytes: Buffer.from(literal) }])]
        try {
          row.prepare(new Reader(segments), form)
        } catch (error) {
          expect(error).toBeInstanceOf(ImapSyntaxError)
        }
      }
    }),
    { numRuns: 5_000 },
  )
})
