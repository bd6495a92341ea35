import type { Catalogue } from "../web/words.ts"

/** A holder's own pages. */
export const selfText = {
  area: { vi: "Của tôi", en: "My account" },
  me: { vi: "Tổng quan", en: "Summary" },
  signedInAs: { vi: "Đang dùng hộp thư", en: "Signed in with the mailbox" },
  sessions: { vi: "Phiên đăng nhập", en: "Sign-ins" },
  sessionsCaption: { vi: "Các phiên trang quản trị đang mở bằng hộp thư này", en: "Sessions of this site that are open with this mailbox" },
  started: { vi: "Bắt đầu", en: "Began" },
  lastSeen: { vi: "Hoạt động gần nhất", en: "Last active" },
  from: { vi: "Từ địa chỉ", en: "From address" },
  browser: { vi: "Trình duyệt", en: "Browser" },
  thisOne: { vi: "phiên này", en: "this one" },
  end: { vi: "Kết thúc", en: "End" },
  endQuestion: { vi: "Kết thúc phiên này? Trình duyệt đó sẽ phải đăng nhập lại.", en: "End this session? That browser will have to sign in again." },
  ended: { vi: "Đã kết thúc phiên.", en: "The session has been ended." },
  notThere: { vi: "Phiên đó không còn.", en: "That session is no longer there." },
  noSessions: { vi: "Không có phiên nào.", en: "There are no sessions." },
} as const satisfies Catalogue
