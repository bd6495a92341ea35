import type { BulkAction } from "../../accounts/provision/bulk/columns.ts"
import type { BulkProgress } from "../../provisioning/bulk-progress.ts"
import type { BulkRowState } from "../../store/bulk-store.ts"
import type { Catalogue, Words } from "../web/words.ts"

/** Many changes from one file. */
export const bulkText = {
  title: { vi: "Cấp phát hàng loạt", en: "Bulk changes" },
  intro: { vi: "Tải lên một tệp CSV (UTF-8) hoặc XLSX, tối đa 20.000 dòng. Chưa có gì thay đổi cho đến khi bạn xem kế hoạch và xác nhận.", en: "Upload a CSV (UTF-8) or XLSX file of 20,000 rows at most. Nothing is changed before you have seen the plan and confirmed it." },
  template: { vi: "Tệp mẫu", en: "Template" },
  templateName: { vi: "mau-cap-phat", en: "template" },
  file: { vi: "Tệp", en: "File" },
  upload: { vi: "Tải lên và lập kế hoạch", en: "Upload and plan" },
  noFile: { vi: "Hãy chọn một tệp.", en: "Choose a file." },
  earlier: { vi: "Các lần trước", en: "Earlier files" },
  none: { vi: "Chưa có tệp nào.", en: "There are none yet." },
  number: { vi: "Số", en: "Number" },
  by: { vi: "Người tải lên", en: "By" },
  at: { vi: "Lúc", en: "When" },
  state: { vi: "Tình trạng", en: "State" },
  jobTitle: { vi: "Tệp {name}", en: "File {name}" },
  adds: { vi: "Thêm", en: "Additions" },
  changes: { vi: "Sửa", en: "Changes" },
  suspensions: { vi: "Tạm khóa", en: "Suspensions" },
  bad: { vi: "Dòng có ô sai, bị bỏ qua", en: "Rows with bad cells, left out" },
  done: { vi: "Đã thực hiện", en: "Done" },
  failed: { vi: "Không thực hiện được", en: "Failed" },
  confirm: { vi: "Thực hiện kế hoạch", en: "Carry the plan out" },
  confirmQuestion: { vi: "Thực hiện {rows} dòng? Các dòng có ô sai bị bỏ qua.", en: "Carry out {rows} rows? Rows with bad cells are left out." },
  cancel: { vi: "Hủy", en: "Cancel" },
  cancelQuestion: { vi: "Hủy? Những dòng đã thực hiện vẫn giữ nguyên.", en: "Cancel? Rows that are done stay as they are." },
  confirmed: { vi: "Đã xác nhận. Bạn có thể rời trang này; công việc vẫn chạy.", en: "Confirmed. You may leave this page; the work goes on." },
  cancelled: { vi: "Đã yêu cầu hủy.", en: "Cancellation is asked for." },
  notNow: { vi: "Không làm được lúc này: tình trạng đã thay đổi.", en: "Not possible now: its state has changed." },
  nothingGood: { vi: "Không có dòng nào thực hiện được.", en: "No row can be carried out." },
  progress: { vi: "Tiến độ", en: "Progress" },
  progressOf: { vi: "{settled} / {total} dòng", en: "{settled} of {total} rows" },
  rate: { vi: "{rate} dòng/giây, còn khoảng {left}", en: "{rate} rows/s, about {left} left" },
  cancelledBy: { vi: "Hủy bởi {by}", en: "Cancelled by {by}" },
  result: { vi: "Kết quả", en: "Result" },
  resultText: { vi: "Mật khẩu dùng một lần phải được tải trong 24 giờ. Tải hỏng thì tải lại được trong 15 phút sau lần đầu; sau đó không ai xem lại được.", en: "One-time passwords are there for 24 hours. A download that broke off can be repeated within 15 minutes of the first; afterwards nobody can see them again." },
  resultAgain: { vi: "Mật khẩu dùng một lần đã được tải. Nếu tệp bị hỏng, bạn tải lại được, sau khi xác nhận lại danh tính, đến", en: "The one-time passwords have been downloaded. If the file is broken you can have it again, once you have proven who you are, until" },
  resultTaken: { vi: "Mật khẩu dùng một lần đã được tải; tệp kết quả không còn mật khẩu.", en: "The one-time passwords have been downloaded; the result has none any more." },
  resultOthers: { vi: "Chỉ {by} tải được kết quả.", en: "Only {by} can download the result." },
  resultName: { vi: "ket-qua", en: "result" },
  downloadCsv: { vi: "Tải CSV", en: "Download CSV" },
  downloadXlsx: { vi: "Tải XLSX", en: "Download XLSX" },
  rows: { vi: "Các dòng", en: "Rows" },
  showBad: { vi: "Ô sai", en: "Bad cells" },
  showFailed: { vi: "Không thực hiện được", en: "Failed" },
  showAll: { vi: "Tất cả", en: "All" },
  noRows: { vi: "Không có dòng nào.", en: "No rows." },
  line: { vi: "Dòng", en: "Row" },
  action: { vi: "Việc", en: "What" },
  outcome: { vi: "Kết quả", en: "Outcome" },
  whole: { vi: "Cả dòng", en: "The row" },
  refresh: { vi: "Xem lại", en: "Look again" },
} as const satisfies Catalogue

export const bulkPhaseText = {
  planned: { vi: "đã lập kế hoạch, chờ xác nhận", en: "planned, to be confirmed" },
  waiting: { vi: "chờ thực hiện", en: "waiting" },
  working: { vi: "đang thực hiện", en: "under way" },
  ending: { vi: "đang dừng", en: "ending" },
  done: { vi: "đã xong", en: "done" },
  cancelled: { vi: "đã hủy", en: "cancelled" },
} as const satisfies Record<BulkProgress["phase"], Words>

export const bulkActionText = {
  add: { vi: "thêm", en: "add" },
  change: { vi: "sửa", en: "change" },
  suspend: { vi: "tạm khóa", en: "suspend" },
} as const satisfies Record<BulkAction, Words>

export const bulkRowText = {
  bad: { vi: "có ô sai", en: "bad cells" },
  pending: { vi: "chưa thực hiện", en: "not done yet" },
  done: { vi: "đã thực hiện", en: "done" },
  failed: { vi: "không thực hiện được", en: "failed" },
  cancelled: { vi: "đã hủy", en: "cancelled" },
} as const satisfies Record<BulkRowState, Words>

/** One row of the template, as an example. */
