import { AggregatorRegistry, collectDefaultMetrics, Gauge, type MetricObject, Registry } from "prom-client"

/** Figures of this process for Prometheus. Every series carries the role, so that those of several processes can be put together. */
export interface Metrics {
  readonly registry: Registry
  /** A figure that is read when somebody asks. */
  gauge(name: string, help: string, read: () => Promise<number> | number): void
  /** Plain data, fit for a message to another process. */
  snapshot(): Promise<MetricSnapshot>
}

export type MetricSnapshot = readonly MetricObject[]

export const metricsContentType = Registry.PROMETHEUS_CONTENT_TYPE

export function createMetrics(role: string): Metrics {
  const registry = new Registry()
  registry.setDefaultLabels({ role })
  collectDefaultMetrics({ register: registry, prefix: "congthu_" })
  return {
    registry,
    gauge(name, help, read) {
      const gauge = new Gauge({
        name: `congthu_${name}`,
        help,
        registers: [registry],
        async collect() {
          try {
            gauge.set(await read())
          } catch {
            // what cannot be read now is left out, as Prometheus expects of a figure that is not known
            gauge.remove()
          }
        },
      })
    },
    snapshot: async () => (await registry.getMetricsAsJSON()) as MetricObject[],
  }
}

/** The figures of several processes as one page. */
export const exposition = (snapshots: readonly MetricSnapshot[]): Promise<string> =>
  AggregatorRegistry.aggregate(snapshots.map((snapshot) => [...snapshot])).metrics()
