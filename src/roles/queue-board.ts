import { ok } from "../base/result.ts"
import { boardPath } from "../console/pages/queue/engine.ts"
import type { QueuePorts } from "../console/pages/queue/queue.ts"
import { boardAction } from "../console/queue-board/board-actions.ts"
import type { Mounted } from "../console/web/mounted.ts"
import { createBoardQueues } from "../delivery/board-queues.ts"
import type { QueueBackend } from "../delivery/queues.ts"
import { createAuditStore } from "../store/sql/audit.ts"
import type { Database } from "../store/sql/database.ts"

/**
 * The console's own but for two things that its scripts need: `<base>`, without which they do not know where they are, and no Trusted Types, as they load parts of
 * themselves by address. React sets styles by script, which is no inline style (CSP Level 3 §6.7.3.1).
 */
const policy = ["default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self' data:", "connect-src 'self'", "base-uri 'self'", "form-action 'none'", "frame-ancestors 'none'"].join("; ")

export interface QueueBoard {
  readonly mounted: Mounted
  readonly engine: QueuePorts["engine"]
  close(): Promise<void>
}

/** The board of the queues' engine; nothing of it is in memory before somebody opens it. */
export function openQueueBoard({ backend, database, title }: { readonly backend: QueueBackend; readonly database: Pick<Database, "query">; readonly title: string }): QueueBoard {
  const queues = createBoardQueues(backend)
  const audit = createAuditStore(database)
  let made: { readonly of: readonly unknown[]; readonly boards: readonly ReturnType<typeof import("../console/queue-board/board.ts").createBoard>[] } | undefined
  return {
    close: () => queues.close(),
    engine: {
      kind: queues.engine,
      async problem() {
        const opened = await queues.open()
        return opened.ok ? undefined : opened.failure
      },
    },
    mounted: {
      path: boardPath, who: "queue:read", changes: "queue:write", policy,
      changeOf: (method, path) => boardAction(method, path) && { ...boardAction(method, path) },
      record: (detail) => audit.record({ kind: "queue.boardUsed", detail }),
      async open(readOnly) {
        const opened = await queues.open()
        if (!opened.ok) return opened
        if (made?.of !== opened.value) {
          const { createBoard } = await import("../console/queue-board/board.ts")
          made = { of: opened.value, boards: [false, true].map((one) => createBoard(opened.value, { basePath: `/console${boardPath}`, readOnly: one, title })) }
        }
        const board = made.boards[readOnly ? 1 : 0]
        if (!board) throw new Error("a board was not made")
        return ok(board)
      },
    },
  }
}
