import pg from "pg"
import { currentActor } from "../../accounts/actor.ts"

/**
 * One process's connections to PostgreSQL. All SQL of the store goes through here: named statements are prepared once per
 * connection, int8 comes back as an exact number. A statement that writes to the audit is told who acts (accounts/actor.ts), where somebody does.
 * Must not know: what the tables mean.
 */
export interface Database {
  query<Row extends pg.QueryResultRow>(statement: Statement, values?: readonly unknown[]): Promise<Row[]>
  /** One transaction on one connection. Rolled back when `work` throws. */
  transaction<T>(work: (tx: Transaction) => Promise<T>): Promise<T>
  close(): Promise<void>
}

export interface Transaction {
  query<Row extends pg.QueryResultRow>(statement: Statement, values?: readonly unknown[]): Promise<Row[]>
}

/** A named statement is prepared on each connection at its first use there; an unnamed one is parsed each time. */
export interface Statement {
  readonly name?: string
  readonly text: string
}

/** Ids, uids and modseqs stay far below 2^53; anything above would be silently rounded, so it is refused. */
const exactNumber = (text: string): number => {
  const value = Number(text)
  if (!Number.isSafeInteger(value)) throw new RangeError(`int8 ${text} is not exact in a double`)
  return value
}
/** `int8[]`: the driver has no name for it. */
const int8ArrayOid: number = 1016
const int8Array = int8ArrayOid as Parameters<typeof pg.types.setTypeParser>[0]
pg.types.setTypeParser(pg.types.builtins.INT8, exactNumber)
/** `text[]`: mostly words and addresses, which need no parser of quotes; the driver's own looks at each character. */
const textArrayOid: number = 1009
const textArray = textArrayOid as Parameters<typeof pg.types.setTypeParser>[0]
const parseTextArray = pg.types.getTypeParser(textArray) as (text: string) => string[]
/** What PostgreSQL quotes, a NULL and more than one dimension are the driver's. */
const isPlainArray = (text: string): boolean => /^\{[^"\\{}]+\}$/.test(text) && !/NULL/i.test(text)
pg.types.setTypeParser(textArray, (text: string) => (text === "{}" ? [] : isPlainArray(text) ? text.slice(1, -1).split(",") : parseTextArray(text)))
pg.types.setTypeParser(int8Array, (text: string) => (text === "{}" ? [] : text.slice(1, -1).split(",").map(exactNumber)))

export interface DatabaseOptions {
  readonly url: string
  readonly poolSize: number
  readonly applicationName: string
  /** A statement that is not answered within this fails and its connection is given up; absent: waits as long as it takes. */
  readonly answerTimeoutMs?: number
  /** A connection that nobody has used for so long is closed; absent: kept. */
  readonly idleMs?: number
  /** Each named statement is planned once on a connection, whatever its values: for those that are large and always do the same. */
  readonly planOnce?: boolean
  readonly onError?: (error: Error) => void
}

export function openDatabase(options: DatabaseOptions): Database {
  const pool = new pg.Pool({
    connectionString: options.url,
    max: options.poolSize,
    application_name: options.applicationName,
    connectionTimeoutMillis: 5_000,
    idleTimeoutMillis: options.idleMs ?? 0,
    keepAlive: true,
    ...(options.planOnce && { onConnect: (client: pg.ClientBase) => client.query("SET plan_cache_mode = force_generic_plan") }),
    ...(options.answerTimeoutMs !== undefined && { query_timeout: options.answerTimeoutMs }),
  })
  // an idle connection that breaks (server restart) is replaced by the pool at the next query
  pool.on("error", (error) => options.onError?.(error))
  const run = async <Row extends pg.QueryResultRow>(on: pg.Pool | pg.PoolClient, statement: Statement, values: readonly unknown[] = []): Promise<Row[]> => {
    const sent = [...values]
    try {
      return (await on.query<Row>({ ...statement, values: sent })).rows
    } finally {
      // the driver's query outlives V8's young generation (with a timeout it assigns a function to a property), and need not take along what was sent
      sent.length = 0
    }
  }
  const inTransaction = (client: pg.PoolClient): Transaction => {
    let said: string | undefined
    return {
      async query(statement, values) {
        const actor = actorOf(statement)
        if (actor !== undefined && actor !== said) await run(client, sayActor, [(said = actor)])
        return run(client, statement, values)
      },
    }
  }
  const database: Database = {
    query: (statement, values) => (actorOf(statement) === undefined ? run(pool, statement, values) : database.transaction((tx) => tx.query(statement, values))),
    async transaction(work) {
      const client = await pool.connect()
      let broken: Error | undefined
      // one that breaks between two statements tells nobody else, and an error that nobody hears ends the process
      const onError = (error: Error): void => void (broken = error)
      client.on("error", onError)
      try {
        await client.query("BEGIN")
        const value = await work(inTransaction(client))
        await client.query("COMMIT")
        return value
      } catch (error) {
        // a server that does not answer would not answer this either: the transaction ends with its connection
        if (error instanceof Error && isSilence(error)) broken = error
        else await client.query("ROLLBACK").catch((failure: Error) => (broken = failure))
        throw error
      } finally {
        client.off("error", onError)
        client.release(broken)
      }
    },
    close: () => pool.end(),
  }
  return database
}

/** For the rest of the transaction; the default of `audit.actor` reads it. */
const sayActor = { name: "say-actor", text: "SELECT set_config('congthu.actor', $1, true)" }

/** JSON of who acts, for a statement that writes to the audit; undefined where it does not, or nobody in particular acts. */
function actorOf({ text }: Statement): string | undefined {
  const actor = currentActor()
  return actor !== undefined && text.includes("INSERT INTO audit ") ? JSON.stringify(actor) : undefined
}

/** Runs a statement again when it lost against another one: deadlock or serialization failure (PostgreSQL appendix A, class 40). */
export async function withRetry<T>(work: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await work()
    } catch (error) {
      if (tries === 5 || !(error instanceof Error) || !sqlState(error).startsWith("40")) throw error
    }
  }
}

const sqlState = (error: Error): string => ("code" in error && typeof error.code === "string" ? error.code : "")

/** The driver's own timeout. What was asked may be done all the same. */
const isSilence = (error: Error): boolean => error.message === "Query read timeout"

/** SQLSTATE classes that say the database cannot be used now, as opposed to a statement that is wrong (PostgreSQL appendix A). */
export const isUnavailable = (error: unknown): boolean => {
  if (!(error instanceof Error)) return false
  const code = sqlState(error)
  return /^(08|53|57P|58)/.test(code) || ["ECONNREFUSED", "ECONNRESET", "ENOENT", "EPIPE", "ETIMEDOUT"].includes(code) || isSilence(error) || /terminated|timeout exceeded|Connection ended/i.test(error.message)
}
