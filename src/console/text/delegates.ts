import type { Catalogue } from "../web/words.ts"

/** Who else uses an office's mailbox, as whoever looks after it sees and decides it. */
export const delegatesText = {
  title: { vi: "Người cùng dùng hộp thư", en: "Delegates" },
  intro: { vi: "Hộp thư cơ quan do bạn quản lý: ai được đọc, sắp xếp, gửi thay. Chỉ giao được cho người trong cơ quan.", en: "Office mailboxes that you look after: who may read, file and send as them. Only people of the agency can be given them." },
  none: { vi: "Bạn không quản lý hộp thư cơ quan nào.", en: "You look after no office mailbox." },
  caption: { vi: "Người dùng hộp thư {address}", en: "People who use {address}" },
  nobody: { vi: "Chưa ai dùng hộp thư này.", en: "Nobody uses this mailbox yet." },
  name: { vi: "Người", en: "Person" },
  add: { vi: "Thêm người hoặc sửa quyền", en: "Add a person, or change rights" },
  save: { vi: "Lưu quyền", en: "Save rights" },
  saved: { vi: "Đã lưu quyền.", en: "The rights are saved." },
  notYours: { vi: "Quyền của người này do quản trị viên quyết định.", en: "This person's rights are the administrator's to decide." },
} as const satisfies Catalogue
