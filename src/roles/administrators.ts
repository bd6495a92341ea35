import { type NotifiedAdministrators, openNotifiedAdministrators } from "../accounts/notified-administrators.ts"
import type { App } from "../app.ts"
import { canonicalAddress } from "../mail/address.ts"
import { createAdministratorStore } from "../store/sql/administrators.ts"

/** Who is told as an administrator, as configured and as the roles say. */
export async function openAdministrators({ database, directory, onClose, context: { config, clock, log } }: App): Promise<NotifiedAdministrators> {
  const administrators = await openNotifiedAdministrators({
    grants: () => createAdministratorStore(database).list(),
    directory,
    configured: config.certificates.administrators.map(canonicalAddress),
    now: () => clock.now(),
    onFailure: (error) => log.warn({ err: error }, "the administrators could not be read again"),
  })
  onClose(() => administrators.close())
  return administrators
}
