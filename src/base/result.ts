/** An expected outcome that callers must look at: a value, or the failure that stood in its way. Exceptions are for bugs and broken connections. */
export type Result<T, F> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly failure: F }

export const ok = <T>(value: T): { readonly ok: true; readonly value: T } => ({ ok: true, value })

export const failed = <F>(failure: F): { readonly ok: false; readonly failure: F } => ({ ok: false, failure })
