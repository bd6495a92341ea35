import type { Area } from "../web/page.ts"
import { apiArea, type ApiPorts } from "./api/api.ts"
import { type DirectoryPorts, directoryArea } from "./directory/directory.ts"
import { operationAreas, type OperationPorts } from "./operation.ts"
import { type OverviewPorts, overviewArea } from "./overview/overview.ts"
import { type SecurityPorts, securityArea } from "./security/security.ts"
import { type SelfPorts, selfArea } from "./self/self.ts"
import { type SignInPorts, signInArea } from "./sign-in/sign-in.ts"

/** What each area needs from outside; roles/console.ts provides it. */
export interface ConsolePorts {
  readonly signIn: SignInPorts
  readonly overview: OverviewPorts
  readonly directory: DirectoryPorts
  readonly operation: OperationPorts
  readonly self: SelfPorts
  readonly security: SecurityPorts
  readonly api: ApiPorts
}

/** Everything that the console shows, in the order of its menu. A new area is a line here, one above, and one in roles/console.ts. */
export const consoleAreas = (ports: ConsolePorts): readonly Area[] => [signInArea(ports.signIn), overviewArea(ports.overview), directoryArea(ports.directory), ...operationAreas(ports.operation), selfArea(ports.self), securityArea(ports.security), apiArea(ports.api)]
