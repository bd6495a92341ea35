import { runWorker } from "../../queue-workers/run-worker.ts"
import { createApp, openOutbox, queueBackend } from "../app.ts"
import { createLocalDelivery } from "../delivery/local-delivery.ts"
import { queueNames } from "../delivery/queues.ts"
import { createSweeper } from "../delivery/sweeper.ts"
import { createDeliveryStore } from "../store/sql/deliveries.ts"
import type { StartRole } from "./role.ts"

/** The role `worker`: works the queues off and finds what no job carries. */
export const startWorkerRole: StartRole = async (context) => {
  const app = await createApp(context)
  const { config, log, metrics } = context
  const backend = queueBackend(app)
  const deliveries = createDeliveryStore({ database: app.database, feed: app.feed, delayNoticeMs: config.delivery.delayNotice })
  let delivered = 0
  const local = createLocalDelivery({ deliveries, delivered: (count) => (delivered += count) })
  const deliver = runWorker({ queue: queueNames.deliver, backend, concurrency: 8, log, handle: ({ data, timestamp }) => local.deliver(data.ids, timestamp) })
  const outbox = openOutbox(app)
  const sweeper = createSweeper({ deliveries, outbox, everyMs: config.delivery.sweep, log })
  metrics.gauge("deliveries_waiting", "Deliveries that are not settled.", async () => (await deliveries.waiting()).count)
  metrics.gauge("deliveries_oldest_seconds", "Age of the oldest delivery that is not settled.", async () => (await deliveries.waiting()).oldestMs / 1000)
  metrics.gauge("delivered_local", "Local deliveries made by this process.", () => delivered)
  return {
    ports: {},
    async stop() {
      await Promise.all([deliver.close(), sweeper.close()])
      await app.close()
    },
  }
}
