import type { z } from "zod"
import type { Authority, Capability, Scope } from "../../accounts/administrator.ts"
import type { OpenedBy, SecondFactor } from "../../store/console-session-store.ts"
import type { menuText } from "../text/shell.ts"
import type { Html } from "./html.ts"
import type { Language, Say, Words } from "./words.ts"

/**
 * One page or one thing that a form does, as data: where it is, who may, what it takes, what it answers. The console walks the table (pages/areas.ts); a page
 * never looks at cookies, roles or tokens. Must not know: express, SQL.
 */
export interface Page {
  readonly method: "get" | "post"
  /** Below `/console`, in express's form. */
  readonly path: string
  readonly who: Who
  /** The password must have been given within ten minutes. Give it to the form's page as well, so that people are asked before they have typed. `now`: with this very request. */
  readonly fresh?: boolean | "now"
  /** Scripts ask for it by themselves: it does not count as use of the session. */
  readonly background?: boolean
  /** Its form sends a file (`multipart/form-data`), of at most so many bytes; not together with `fresh`, which could not keep it. */
  readonly upload?: { readonly maxBytes: number }
  /** Also for who has given the password alone, and still lacks this. */
  readonly before?: readonly Pending[]
  /** Of path, query and form together; no member has the name of another. What does not fit is answered 400 before `run`. */
  readonly input: z.ZodType
  run(input: unknown, visit: Visit): Promise<Answer>
}

/** `proof`: the second factor is still to be given; `enrolment`: one is demanded of his role, and he has none. */
export type Pending = "proof" | "enrolment"

/** `anybody`: without signing in; `holder`: whoever is signed in. */
export type Who = "anybody" | "holder" | Capability

export interface Visit {
  readonly language: Language
  readonly say: Say
  /** Where the visitor is, with the query. */
  readonly url: string
  readonly clientAddress: string
  readonly userAgent: string
  /** What went along to the identity provider, sealed; undefined where nobody went. */
  readonly away?: string | undefined
  /** Goes into every form (forms.ts does it); empty for who is not signed in. */
  readonly csrf: string
  /** Swapped into a page that is there already (htmx): answer with a fragment. */
  readonly partial: boolean
  /** Undefined for who is not signed in. */
  readonly holder: Holder | undefined
}

/** Who is signed in. */
export interface HolderVisit extends Visit {
  readonly holder: Holder
}

export interface Holder extends Authority {
  readonly sessionId: number
  readonly accountId: number
  readonly address: string
  /** Null only for an account that nobody owns. */
  readonly principalId: string | null
  /** Of the person, or of the account where there is none. */
  readonly name: string
  readonly secondFactor: SecondFactor
  readonly pending: Pending | null
  readonly openedBy: OpenedBy
  readonly provenAt: number
  /** Signed in with a one-time password: nothing else is open before it is replaced. */
  readonly mustChangePassword: boolean
}

/** Who acts with a capability, and where: ports that list or change something demand the scope. */
export interface AdministratorVisit extends HolderVisit {
  readonly scope: Scope
}

export interface Crumb {
  readonly path: string
  readonly title: string
}

export interface Notice {
  readonly kind: "done" | "problem"
  readonly text: string
}

export type Answer =
  | { readonly kind: "page"; readonly title: string; readonly body: Html; readonly crumbs?: readonly Crumb[]; readonly status?: 200 | 403 | 409 | 422 | 429 | 503; readonly change?: SessionChange }
  | { readonly kind: "fragment"; readonly body: Html }
  /** After a change: 303, so that reloading does not repeat it. */
  | { readonly kind: "redirect"; readonly to: string; readonly notice?: Notice }
  | { readonly kind: "error"; readonly status: 400 | 403 | 404 | 429 | 503 }
  | { readonly kind: "file"; readonly name: string; readonly type: string; readonly content: Buffer | AsyncIterable<Uint8Array> }
  /** Server-sent events: `listen` gets a sender, and returns what ends it; undefined when there are too many listeners. */
  | { readonly kind: "events"; readonly listen: (send: (event: ServerEvent) => void) => (() => void) | undefined }
  | { readonly kind: "session"; readonly change: SessionChange; readonly to: string; readonly notice?: Notice }

export interface ServerEvent {
  readonly name: string
  readonly data: string
}

/** What only the console's own sign-in pages do. */
export type SessionChange =
  | { readonly kind: "begin"; readonly token: string }
  | { readonly kind: "end" }
  /** What comes back with the visitor from the identity provider, sealed; undefined: it has. */
  | { readonly kind: "away"; readonly sealed: string | undefined }
  | { readonly kind: "language"; readonly language: Language }

type Defined<Schema extends z.ZodType, V extends Visit, W extends Who> = Omit<Page, "input" | "run" | "who"> & {
  readonly who: W
  readonly input: Schema
  readonly run: (input: z.output<Schema>, visit: V) => Promise<Answer>
}

/** A page for whoever has the capability; lists and changes go by `visit.scope`. */
export const administratorPage = <Schema extends z.ZodType>(definition: Defined<Schema, AdministratorVisit, Capability>): Page => erased(definition)

/** A page about what belongs to no unit: who administers units only is refused, whatever the roles say today. */
export const provincePage = <Schema extends z.ZodType>(definition: Defined<Schema, AdministratorVisit, Capability>): Page =>
  administratorPage({ ...definition, run: async (input, visit) => (visit.scope.roots === null ? definition.run(input, visit) : { kind: "error", status: 403 }) })

/** A page about whoever is signed in. */
export const holderPage = <Schema extends z.ZodType>(definition: Omit<Defined<Schema, HolderVisit, "holder">, "who">): Page => erased({ ...definition, who: "holder" })

export const publicPage = <Schema extends z.ZodType>(definition: Omit<Defined<Schema, Visit, "anybody">, "who">): Page => erased({ ...definition, who: "anybody" })

/** The gate (gate.ts) hands each page the visit that its `who` promises, and input that its schema has made. */
const erased = <Schema extends z.ZodType, V extends Visit>(definition: Defined<Schema, V, Who>): Page => ({
  ...definition,
  run: (input, visit) => definition.run(input as z.output<Schema>, visit as V),
})

/** What belongs together, in a folder of its own. */
export interface Area {
  /** Of the menu. */
  readonly group: keyof typeof menuText
  readonly menu: readonly MenuEntry[]
  readonly pages: readonly Page[]
}

export interface MenuEntry {
  readonly path: string
  readonly label: Words
  readonly who: Who
}

export const problem = (text: string): Notice => ({ kind: "problem", text })
export const done = (text: string): Notice => ({ kind: "done", text })
