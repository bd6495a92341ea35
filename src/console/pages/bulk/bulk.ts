import type { Clock } from "../../../base/clock.ts"
import type { Result } from "../../../base/result.ts"
import type { FileProblem, Upload } from "../../../provisioning/bulk-upload.ts"
import type { BulkTemplates } from "../../../provisioning/bulk-template.ts"
import type { JobFeed } from "../../../provisioning/job-feed.ts"
import type { BulkStore } from "../../../store/bulk-store.ts"
import type { Page } from "../../web/page.ts"
import { jobPages } from "./job.ts"
import { uploadPages } from "./upload.ts"

/** Many changes to the directory from one file: uploaded, planned, confirmed, watched, its result taken. Part of the directory's area. */
export interface BulkPorts {
  readonly store: Pick<BulkStore, "list" | "find" | "rows" | "confirm" | "cancel" | "takeResult">
  readonly plan: (upload: Upload) => Promise<Result<number, FileProblem>>
  /** A worker looks at once; without it a little later. */
  readonly wake: (id: number) => void
  readonly clock: Clock
  readonly feed: JobFeed
  readonly templates: BulkTemplates
}

export const bulkPages = (ports: BulkPorts): readonly Page[] => [...uploadPages(ports), ...jobPages(ports)]
