/** What the API says when it cannot do what was asked, by kind; the language follows Accept-Language (RFC 9110 §12.5.4). */
export interface ProblemText {
  readonly status: number
  readonly vi: string
  readonly en: string
}

export const problemText = {
  invalid: { status: 400, vi: "Yêu cầu không hợp lệ", en: "The request is not valid" },
  unauthorized: { status: 401, vi: "Cần một khóa truy cập còn hiệu lực", en: "A valid token is needed" },
  forbidden: { status: 403, vi: "Khóa truy cập này không được làm việc đó", en: "This token may not do that" },
  notFound: { status: 404, vi: "Không tìm thấy", en: "There is no such thing" },
  conflict: { status: 409, vi: "Trạng thái hiện tại không cho phép", en: "Its present state does not allow that" },
  changed: { status: 412, vi: "Đã có người thay đổi sau khi xem", en: "It was changed after it was seen" },
  tagNeeded: { status: 428, vi: "Cần If-Match với ETag đã xem", en: "If-Match with the ETag that was seen is needed" },
  tooLarge: { status: 413, vi: "Yêu cầu quá lớn", en: "The request is too large" },
  notJson: { status: 415, vi: "Nội dung phải là application/json", en: "The content must be application/json" },
  notSuchFile: { status: 415, vi: "Loại tệp này không dùng được ở đây", en: "A file of this type is not taken here" },
  keyUsed: { status: 422, vi: "Khóa chống lặp này đã dùng cho một yêu cầu khác", en: "This idempotency key was used for another request" },
  tooMany: { status: 429, vi: "Quá nhiều yêu cầu, hãy thử lại sau", en: "Too many requests; try again later" },
  broken: { status: 500, vi: "Hệ thống gặp lỗi khi trả lời", en: "The system failed to answer" },
  unavailable: { status: 503, vi: "Hệ thống tạm thời không trả lời được", en: "The system cannot answer now" },
} as const satisfies Readonly<Record<string, ProblemText>>

export type ProblemKind = keyof typeof problemText

/** Why an action on a delivery was not done, by its outcome. */
export const outcomeText = {
  underWay: { vi: "Thư đang được chuyển vào lúc này; hãy yêu cầu lại sau", en: "It is being tried at this moment; ask again when that has ended" },
  held: { vi: "Thư đang bị giữ; hãy thả trước", en: "It is held; release it first" },
  policyHeld: { vi: "Thư do chính sách giữ; quyết định cho cả thư ở nơi khác", en: "A rule of the policy holds the whole message, which is decided on as one" },
  paused: { vi: "Nơi nhận đang tạm dừng", en: "Its destination is paused" },
  settled: { vi: "Việc chuyển thư này đã kết thúc", en: "It is settled; nothing can change it" },
} as const

export const certificateText = {
  alreadySo: { vi: "Chứng thư này, hoặc một chứng thư cùng nơi cấp và số hiệu, đã được đăng ký, hoặc đã ở trạng thái đó", en: "This certificate, or one with the same issuer and serial number, is registered or in that state already" },
  revoked: { vi: "Chứng thư đã bị thu hồi; không dùng lại được", en: "The certificate was revoked; that is for good" },
} as const

export const sessionText = {
  above: { vi: "Phiên của người giữ vai trò quản trị cao hơn", en: "It is of somebody who holds an administrator's role above" },
} as const

export const heldText = {
  decided: { vi: "Thư này đã được quyết định", en: "It has been decided already" },
  moderated: { vi: "Thư chờ người duyệt nhóm, hoặc quản trị của tỉnh", en: "It waits for the group's moderators, or an administrator of the province" },
} as const

export const policyText = {
  unchanged: { vi: "Văn bản này đang có hiệu lực rồi", en: "This text is in force already" },
  unreadable: { vi: "Chương trình này không còn đọc được phiên bản đó", en: "This program cannot use that version" },
  none: { vi: "Chưa có chính sách nào có hiệu lực", en: "No policy is in force" },
} as const

export const runText = {
  busy: { vi: "Một việc cùng loại đang chạy; hãy thử lại khi nó kết thúc", en: "One is under way; try again when it has ended" },
} as const

export const bulkText = {
  nothingGood: { vi: "Không có dòng nào thực hiện được", en: "No row of it can be done" },
  notNow: { vi: "Công việc đang ở trạng thái không cho phép việc này", en: "The job is not in a state that allows that" },
  others: { vi: "Chỉ khóa truy cập đã bắt đầu công việc mới lấy được kết quả", en: "Only the token that started the job gets its result" },
} as const

export const factorText = {
  administrator: { vi: "Người này giữ vai trò quản trị: chỉ đặt lại được trên trang quản trị", en: "This person holds a role: only the console resets that" },
} as const
