import type { Catalogue } from "../web/words.ts"

/** The API's documentation. What each call does is said in English, as in openapi.json. */
export const apiText = {
  title: { vi: "Tài liệu API", en: "API documentation" },
  intro: {
    vi: "Các hệ thống khác dùng API này qua HTTPS, với khóa truy cập có phạm vi và thời hạn do quản trị viên cấp. Nội dung gửi và nhận là JSON.",
    en: "Other systems use this API over HTTPS, with a token that an administrator has given them for some scopes and a time. What is sent and answered is JSON.",
  },
  errors: {
    vi: "Lỗi trả về dạng application/problem+json (RFC 9457), bằng tiếng Việt, hoặc tiếng Anh nếu yêu cầu. Mô tả cho máy đọc:",
    en: "Errors are application/problem+json (RFC 9457), in Vietnamese, or in English where that is asked for. The description for machines:",
  },
  contents: { vi: "Mục lục", en: "Contents" },
  scope: { vi: "Phạm vi cần có:", en: "Scope that is needed:" },
  parameters: { vi: "Tham số", en: "Parameters" },
  body: { vi: "Nội dung gửi (JSON)", en: "Content (JSON)" },
  answers: { vi: "Trả lời", en: "Answers" },
  optional: { vi: "không bắt buộc", en: "optional" },
} as const satisfies Catalogue
