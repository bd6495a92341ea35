import { directoryRoutes, moreDirectoryRoutes, operationRoutes } from "../../src/api/routes/all.ts"
import { createApiTokenStore } from "../../src/store/sql/api-tokens.ts"
import { type ApiWorld, openApiWorld } from "./api-world.ts"
import { type ConsoleWorld, openConsoleWorld } from "./console-world.ts"

/** The API beside the console, on the same ports and the same database: what one of them does the other one shows. */
export async function openOperationApi(): Promise<{ readonly console: ConsoleWorld; readonly api: ApiWorld; close(): Promise<void> }> {
  const console = await openConsoleWorld()
  const { ports: { operation, overview, directory, resets, credentials }, database } = console
  const accountOf = operation.audit.accountOf
  const routes = [
    ...operationRoutes({ ...operation, overview: { overview }, tokens: { tokens: createApiTokenStore(database) }, pauses: operation.queue, queue: { ...operation.queue, accountOf } }),
    ...directoryRoutes(directory), ...moreDirectoryRoutes({ ...directory, resets, credentials }),
  ]
  const api = await openApiWorld({ database, routes })
  return {
    console, api,
    async close() {
      await api.close()
      await console.close()
    },
  }
}
