import type { Catalogue } from "../web/words.ts"

/** The dashboard. */
export const overviewText = {
  area: { vi: "Hệ thống", en: "System" },
  title: { vi: "Tổng quan hệ thống", en: "Dashboard" },
  accounts: { vi: "Hộp thư", en: "Mailboxes" },
  holders: { vi: "Người và tổ chức được cấp", en: "Holders" },
} as const satisfies Catalogue
