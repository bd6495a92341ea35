/**
 * Which DSNs the rows of `delivery d`, of the envelopes `e`, owe when it is not an attempt that decides (RFC 3461 §4.1, §5.2): none ever to the empty
 * reverse-path. SQL expressions for `dsn_owed`.
 */
const asked = (kind: "failure" | "delay"): string => `(e.reverse_path <> '' AND (d.notify = '{}' OR '${kind}' = ANY (d.notify)))`

/** A failure makes a delay old news. */
export const failureOwed = `CASE WHEN ${asked("failure")} THEN array_append(array_remove(array_remove(d.dsn_owed, 'delay'), 'failure'), 'failure') ELSE array_remove(d.dsn_owed, 'delay') END`

/** It has not been told of a delay, and asked for no silence. */
export const delayUntold = `(${asked("delay")} AND NOT 'delay' = ANY (d.dsn_owed || d.dsn_made))`
