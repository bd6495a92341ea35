import type { Statement, Transaction } from "./database.ts"

/**
 * A large answer so many rows at a time, all of one snapshot: what has come from the socket is read in one turn of the event loop, however much it is, so that ten thousand
 * rows at once would stop the process for 20 ms. One at a time in a transaction, which must not end before it.
 */
export async function* readInPages<Row extends object>(tx: Transaction, { text }: Pick<Statement, "text">, { values, rows = 500 }: { readonly values: readonly unknown[]; readonly rows?: number }): AsyncGenerator<readonly Row[]> {
  await tx.query({ text: `DECLARE in_pages NO SCROLL CURSOR FOR ${text}` }, values)
  for (let more = true; more; ) {
    const page = await tx.query<Row>({ text: `FETCH ${rows} FROM in_pages` })
    if (page.length > 0) yield page
    more = page.length === rows
  }
  await tx.query({ text: "CLOSE in_pages" })
}
