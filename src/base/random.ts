/** From 0 up to 1, for spreading retries and loads; secrets come from node:crypto. The only use of it, so that tests can own it. */
export const systemRandom = (): number => Math.random()
