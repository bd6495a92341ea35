/**
 * SQL: the person whose a password of this account becomes: its one owner today, or the one whose time is still to come; null where nobody owns it, or several do. A
 * password that names no person signs in whoever owns the account then, so that a former holder would come in as his successor. `account`, `today`: expressions.
 */
export function holderOf(account: string, today = "(clock_timestamp() AT TIME ZONE 'Asia/Ho_Chi_Minh')::date"): string {
  const begun = `coalesce(o.valid_from <= ${today}, true)`
  return `(SELECT CASE WHEN count(*) FILTER (WHERE ${begun}) = 1 THEN min(o.principal_id) FILTER (WHERE ${begun}) WHEN count(*) = 1 THEN min(o.principal_id) END
    FROM assignment o WHERE o.account_id = ${account} AND 'owner' = ANY (o.rights) AND coalesce(o.valid_until >= ${today}, true))`
}
