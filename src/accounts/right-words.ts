import type { Right } from "./directory.ts"
import type { Words } from "./provision/problems.ts"

/** What rights are called where people read of them. */
export const rightText: Readonly<Record<Right, Words>> = {
  owner: { vi: "chủ hộp thư", en: "owner" },
  read: { vi: "đọc", en: "read" },
  write: { vi: "sắp xếp, xóa", en: "file and delete" },
  "send-as": { vi: "gửi thay", en: "send as" },
  administer: { vi: "quản lý", en: "administer" },
  sign: { vi: "ký số", en: "sign" },
}
