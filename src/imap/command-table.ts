import { append } from "./commands/append.ts"
import { authenticate } from "./commands/authenticate.ts"
import { capability } from "./commands/capability.ts"
import { close, unselect } from "./commands/close.ts"
import { copy, move } from "./commands/copy.ts"
import { create } from "./commands/create.ts"
import { deleteMailbox } from "./commands/delete.ts"
import { enable } from "./commands/enable.ts"
import { expunge } from "./commands/expunge.ts"
import { fetch } from "./commands/fetch.ts"
import { id } from "./commands/id.ts"
import { idle } from "./commands/idle.ts"
import { list, lsub } from "./commands/list.ts"
import { login } from "./commands/login.ts"
import { logout } from "./commands/logout.ts"
import { namespace } from "./commands/namespace.ts"
import { check, noop } from "./commands/noop.ts"
import { getQuota, getQuotaRoot, setQuota } from "./commands/quota.ts"
import { rename } from "./commands/rename.ts"
import { search } from "./commands/search.ts"
import { examine, select } from "./commands/select.ts"
import { starttls } from "./commands/starttls.ts"
import { status } from "./commands/status.ts"
import { store } from "./commands/store.ts"
import { subscribe, unsubscribe } from "./commands/subscribe.ts"
import { type Row, row, streamingRow } from "./dispatch.ts"

/** Every command, once. */
export const commandTable: readonly Row[] = [
  row(capability), row(noop), row(logout), row(id),
  row(starttls), row(login), row(authenticate),
  row(enable), row(select), row(examine), row(create), row(deleteMailbox), row(rename), row(subscribe), row(unsubscribe),
  row(list), row(lsub), row(namespace), row(status), row(getQuota), row(getQuotaRoot), row(setQuota), streamingRow(append), row(idle),
  row(check), row(close), row(unselect), row(expunge), row(search), row(fetch), row(store), row(copy), row(move),
]
