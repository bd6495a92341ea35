/** The strange one, on a machine that is busy: it starts late. */
const start = performance.now()
while (performance.now() - start < 1_000);
await import("./strange-worker.ts")
