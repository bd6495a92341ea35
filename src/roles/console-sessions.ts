import type { App } from "../app.ts"
import { createConsoleSessionStore } from "../store/sql/console-sessions.ts"

export const openSessions = ({ database, context: { config } }: App) => createConsoleSessionStore({ database, idleMs: config.console.sessionIdle, absoluteMs: config.console.sessionLife })

/** Deletes sessions that ended long ago. */
export const forgetSessions = (app: App): Promise<number> => openSessions(app).forget()
