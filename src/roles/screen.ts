import { existsSync } from "node:fs"
import { readFile } from "node:fs/promises"
import { join } from "node:path"
import type { Config } from "../config/schema.ts"

/** The one screen that a newcomer reads when everything is ready. */
export interface ScreenFacts {
  readonly config: Config
  readonly ports: Readonly<Record<string, number>>
  /** Null where the certificate is not the development CA's. */
  readonly caFile: string | null
  readonly logins: readonly DemoLogin[]
  /** Keys and certificates of the demo logins; null when there are none. */
  readonly demoCertificates: DemoCertificates | null
  readonly startMs: number
}

export interface DemoCertificates {
  readonly dir: string
  /** To be trusted by mail clients for signatures. */
  readonly caFile: string
}

export interface DemoLogin {
  readonly label: string
  readonly address: string
  readonly password: string
  /** The unit that it administers in the console, `*` for the province; absent: none. */
  readonly administers?: string
}

/** What the seed wrote for the demonstration; empty when there is none. */
export async function readDemoLogins(dataDir: string): Promise<readonly DemoLogin[]> {
  try {
    const parsed: unknown = JSON.parse(await readFile(join(dataDir, "demo-logins.json"), "utf8"))
    return Array.isArray(parsed) ? parsed.filter(isDemoLogin) : []
  } catch {
    return []
  }
}

export function findDemoCertificates(dataDir: string): DemoCertificates | null {
  const found = { dir: join(dataDir, "demo-certificates"), caFile: join(dataDir, "pki/smime-root.pem") }
  return existsSync(found.dir) && existsSync(found.caFile) ? found : null
}

const isDemoLogin = (value: unknown): value is DemoLogin =>
  typeof value === "object" && value !== null && ["label", "address", "password"].every((key) => typeof (value as Readonly<Record<string, unknown>>)[key] === "string")

function roleText(administers: string | undefined): string {
  if (administers === undefined) return ""
  return administers === "*" ? "   quản trị tỉnh (administrator)" : `   quản trị ${administers} (administrator of ${administers})`
}

export function welcomeScreen({ config, ports, caFile, logins, demoCertificates, startMs }: ScreenFacts): string {
  const host = config.listen.host === "0.0.0.0" || config.listen.host === "::" ? config.hostname : config.listen.host
  const rows = (pairs: readonly (readonly [string, string])[]): string[] => pairs.map(([name, value]) => `    ${name.padEnd(26)}${value}`)
  const port = (name: string): string => `${host}:${ports[name] ?? "-"}`
  return [
    "",
    `  Công Thư — sẵn sàng sau ${(startMs / 1000).toFixed(1)} s (ready)`,
    "",
    ...rows([
      ["Bảng trạng thái", `https://${port("https")}/`],
      ["Trang quản trị (console)", `https://${port("https")}/console`],
      ["IMAP", `${port("imaps")} SSL/TLS   ${port("imap")} STARTTLS`],
      ["SMTP submission", `${port("submissions")} SSL/TLS   ${port("submission")} STARTTLS`],
      ["SMTP (MX)", port("smtp")],
      ["Metrics, health", `http://${port("metrics")}/metrics  /health`],
      ["Dữ liệu (data)", config.dataDir],
      ...(caFile === null ? [] : [["Chứng thư CA (CA file)", caFile] as const]),
    ]),
    ...(logins.length === 0
      ? []
      : ["", "  Tài khoản dùng thử (demo logins)", ...rows(logins.map(({ label, address, password, administers }) => [label, `${address.padEnd(34)}${password}${roleText(administers)}`] as const))]),
    ...(demoCertificates === null
      ? []
      : [
          "",
          ...rows([
            ["Chứng thư ký số", `${join(demoCertificates.dir, "ĐỊA-CHỈ.p12")}, cùng mật khẩu trên (ADDRESS.p12, same password)`],
            ["CA chữ ký (signing CA)", demoCertificates.caFile],
          ]),
        ]),
    "",
    "  Cài ứng dụng thư: nhập chứng thư CA, dùng địa chỉ làm tên đăng nhập, chọn SSL/TLS với các cổng trên.",
    "  Mail client: trust the CA file, sign in with the address, choose SSL/TLS and the ports above (docs/mail-clients.md).",
    "  Thử ngay (try it): npm run demo      Dừng (stop): Ctrl-C",
    "",
  ].join("\n")
}
