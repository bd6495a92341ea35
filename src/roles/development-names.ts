/** Whom the development CA vouches for: this server by each of its names, and the names under which mail clients and other servers look for it in its domain. */
export function developmentNames(hostname: string): readonly string[] {
  const domain = /^[^.]+\.(.+\..+)$/.exec(hostname)?.[1]
  const inDomain = domain === undefined ? [] : [domain, ...["autoconfig", "autodiscover", "mta-sts"].map((name) => `${name}.${domain}`)]
  return [hostname, "localhost", "127.0.0.1", "::1", ...inDomain]
}
