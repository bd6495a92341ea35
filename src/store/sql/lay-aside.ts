import { enhancedStatus } from "../../mail/enhanced-status.ts"
import { delayUntold, failureOwed } from "./dsn-owed.ts"

/** What a worker does with deliveries whose destination is paused: parts of SQL statements. */

/** The domain of a recipient; what the index `delivery_open_destination` is made of. */
export const destinationOf = (recipient: string): string => `lower(split_part(${recipient}, '@', -1))`

/** Whether the pattern of the pause `p` means a name. As `isDestination` has it. */
export const pauseMeans = (name: string): string => `(${name} = p.pattern OR p.pattern LIKE '*.%' AND length(${name}) >= length(p.pattern) AND right(${name}, length(p.pattern) - 1) = substr(p.pattern, 2))`

export const pauseInForce = "p.resumed_at IS NULL AND (p.until IS NULL OR p.until > clock_timestamp())"

/**
 * Two WITH parts: `pauses` that mean any of the rows of `due` (id, recipient), and `paused`, those rows with the one that lasts longest. The pauses
 * are locked, so that whoever resumes one finds all that was laid aside for it.
 */
export const pausedSql = `
    pauses AS MATERIALIZED (
      SELECT p.id, p.pattern, p.until FROM destination_pause p
      WHERE p.kind = 'domain' AND ${pauseInForce} AND EXISTS (SELECT FROM due WHERE ${pauseMeans(destinationOf("due.recipient"))})
      FOR SHARE
    ), paused AS (
      SELECT DISTINCT ON (due.id) due.id, p.id AS pause_id, p.until FROM due JOIN pauses p ON ${pauseMeans(destinationOf("due.recipient"))}
      ORDER BY due.id, p.until DESC NULLS FIRST
    )`

const expired = "d.expires_at <= clock_timestamp()"
const delayAt = (delayNoticeMs: string): string => `e.accepted_at + ${delayNoticeMs}::float8 * interval '1 millisecond'`

/**
 * An UPDATE that lays the rows of `paused` (id, pause_id, until) aside: no attempt is counted. One whose time has run out has failed; a sender who waits long
 * is told. It is looked at again when the pause ends, at the expiry, or when the sender is to be told, whichever comes first.
 */
export const layAsideSql = (delayNoticeMs: string): string => `
      UPDATE delivery d SET
        pause_id = paused.pause_id, claimed_until = NULL, requeued_at = NULL,
        state = CASE WHEN ${expired} THEN 'failed' ELSE d.state END,
        settled_at = CASE WHEN ${expired} THEN clock_timestamp() END,
        status = CASE WHEN ${expired} THEN '${enhancedStatus.expired}' WHEN d.status = '' THEN '${enhancedStatus.systemUnavailable}' ELSE d.status END,
        diagnostic = CASE WHEN d.diagnostic = '' OR ${expired} THEN '${waits}' ELSE d.diagnostic END,
        next_attempt_at = least(coalesce(paused.until, 'infinity'), d.expires_at, CASE WHEN ${delayUntold} AND ${delayAt(delayNoticeMs)} > clock_timestamp() THEN ${delayAt(delayNoticeMs)} END),
        dsn_owed = CASE
          WHEN ${expired} THEN ${failureOwed}
          WHEN ${delayUntold} AND ${delayAt(delayNoticeMs)} <= clock_timestamp() THEN array_append(d.dsn_owed, 'delay')
          ELSE d.dsn_owed
        END
      FROM paused, envelope e WHERE d.id = paused.id AND e.id = d.envelope_id AND d.state IN ('waiting', 'deferred')`

/** What the sender reads in a DSN. */
const waits = "mail to this destination is held back by an administrator of this server"
