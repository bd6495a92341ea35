import { createHash } from "node:crypto"
import { readFileSync } from "node:fs"
import { createRequire } from "node:module"
import { dirname, join } from "node:path"
import { gzipSync } from "node:zlib"
import { type RequestHandler, Router } from "express"

/** Style sheets and scripts, all from this machine. Each has a part of its hash in its name, so that browsers keep it for a year and still get every new one. */
const require = createRequire(import.meta.url)
const own = (name: string): URL => new URL(`../browser/${name}`, import.meta.url)

const sources = {
  pico: { file: require.resolve("@picocss/pico/css/pico.fluid.classless.min.css"), type: "text/css" },
  style: { file: own("console.css"), type: "text/css" },
  print: { file: own("print.css"), type: "text/css" },
  uplotStyle: { file: require.resolve("uplot/dist/uPlot.min.css"), type: "text/css" },
  htmx: { file: require.resolve("htmx.org/dist/htmx.min.js"), type: "text/javascript" },
  uplot: { file: require.resolve("uplot/dist/uPlot.iife.min.js"), type: "text/javascript" },
  script: { file: own("console.js"), type: "text/javascript" },
  charts: { file: own("charts.js"), type: "text/javascript" },
  // the package's exports do not name its bundle for browsers
  webauthn: { file: join(dirname(require.resolve("@simplewebauthn/browser")), "../dist/bundle/index.umd.min.js"), type: "text/javascript" },
  passkeys: { file: own("passkeys.js"), type: "text/javascript" },
  icon: { file: own("icon.svg"), type: "image/svg+xml" },
} as const
export type AssetName = keyof typeof sources

interface Asset {
  readonly path: string
  readonly type: string
  readonly bytes: Buffer
  readonly zipped: Buffer
}

/** Below the console's own path. */
const folder = "/assets"

const assets = Object.fromEntries(
  Object.entries(sources).map(([name, { file, type }]) => {
    const bytes = readFileSync(file)
    const hash = createHash("sha256").update(bytes).digest("hex").slice(0, 12)
    const extension = { "text/css": "css", "text/javascript": "js", "image/svg+xml": "svg" }[type]
    return [name, { path: `${folder}/${name}.${hash}.${extension}`, type, bytes, zipped: gzipSync(bytes, { level: 9 }) }]
  }),
) as Readonly<Record<AssetName, Asset>>

export const assetUrl = (name: AssetName): string => `/console${assets[name].path}`

export function assetRoutes(): Router {
  const router = Router()
  for (const asset of Object.values(assets)) router.get(asset.path, serve(asset))
  return router
}

const serve =
  ({ type, bytes, zipped }: Asset): RequestHandler =>
  (request, response) => {
    const zips = request.acceptsEncodings("gzip") === "gzip"
    response.set({ "cache-control": "public, max-age=31536000, immutable", "content-type": `${type}; charset=utf-8`, vary: "Accept-Encoding", ...(zips && { "content-encoding": "gzip" }) }).send(zips ? zipped : bytes)
  }
