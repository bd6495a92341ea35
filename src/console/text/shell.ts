import type { Catalogue } from "../web/words.ts"

/** What is around every page. */
export const shellText = {
  product: { vi: "Công Thư", en: "Cong Thu" },
  skip: { vi: "Đến nội dung chính", en: "Skip to the main content" },
  menu: { vi: "Trình đơn", en: "Menu" },
  signOut: { vi: "Đăng xuất", en: "Sign out" },
  crumbs: { vi: "Vị trí hiện tại", en: "You are here" },
  keys: { vi: "Phím tắt", en: "Keyboard shortcuts" },
  keySearch: { vi: "Tìm kiếm", en: "Search" },
  keyHelp: { vi: "Hiện bảng này", en: "Show this list" },
  keyClose: { vi: "Đóng", en: "Close" },
  close: { vi: "Đóng", en: "Close" },
} as const satisfies Catalogue

/** What the menu is folded into. */
export const menuText = {
  overview: { vi: "Tổng quan", en: "Overview" },
  directory: { vi: "Danh bạ", en: "Directory" },
  mail: { vi: "Thư", en: "Mail" },
  trust: { vi: "Chữ ký số và chính sách", en: "Signing and policy" },
  watch: { vi: "Nhật ký và kết nối", en: "Audit and connections" },
  reports: { vi: "Báo cáo", en: "Reports" },
  me: { vi: "Của tôi", en: "My account" },
  systems: { vi: "Hệ thống khác", en: "Other systems" },
} as const satisfies Catalogue

export const formText = {
  help: { vi: "Giải thích", en: "Explanation" },
  closeAgain: { vi: "Bấm “{label}” lần nữa để thôi.", en: "Press “{label}” again to leave it as it is." },
} as const satisfies Catalogue

export const tableText = {
  pages: { vi: "Các trang", en: "Pages" },
  previous: { vi: "Trang trước", en: "Previous" },
  next: { vi: "Trang sau", en: "Next" },
} as const satisfies Catalogue

export const selectionText = {
  select: { vi: "Chọn", en: "Select" },
  selectOne: { vi: "Chọn {what}", en: "Select {what}" },
  all: { vi: "Chọn tất cả trên trang này", en: "Select all on this page" },
} as const satisfies Catalogue

/** Work that goes on behind a page. */
export const runText = {
  started: { vi: "{by} bắt đầu lúc", en: "Started by {by} at" },
  progress: { vi: "Tiến độ", en: "Progress" },
  under: { vi: "Đang chạy: {done} trên {total}.", en: "Under way: {done} of {total}." },
  renew: { vi: "Làm mới", en: "Renew" },
  cancel: { vi: "Dừng lại", en: "Cancel" },
  cancelled: { vi: "Đã dừng theo yêu cầu.", en: "It was cancelled." },
  failed: { vi: "Việc này gặp lỗi; lỗi đã được ghi lại. Hãy thử lại.", en: "It failed; the fault has been recorded. Try again." },
  busy: { vi: "Một việc như vậy đang chạy. Hãy đợi nó xong, hoặc dừng nó.", en: "One of these is under way. Wait for its end, or cancel it." },
  gone: { vi: "Việc này không còn: kết quả chỉ giữ một giờ, và mất khi dịch vụ web khởi động lại.", en: "It is not there any more: results are kept for an hour, and are lost when the web role restarts." },
} as const satisfies Catalogue

/** By status: what happened, and what one can do about it. */
export const errorText = {
  title400: { vi: "Yêu cầu không hợp lệ", en: "The request is not valid" },
  text400: { vi: "Địa chỉ hoặc dữ liệu gửi lên không đúng dạng. Không có gì bị thay đổi.", en: "The address, or what was sent, is not in the expected form. Nothing was changed." },
  title403: { vi: "Bạn không có quyền", en: "You may not do this" },
  text403: { vi: "Việc này không thuộc quyền của tài khoản bạn đang dùng. Nếu cần, hãy hỏi quản trị của đơn vị.", en: "This is not among the rights of the account you use. If you need it, ask the administrator of your unit." },
  title404: { vi: "Không có trang này", en: "There is no such page" },
  text404: { vi: "Trang hoặc mục này không tồn tại, hoặc nằm ngoài phạm vi của bạn.", en: "This page or item does not exist, or is outside your scope." },
  title413: { vi: "Dữ liệu quá lớn", en: "Too much data" },
  text413: { vi: "Biểu mẫu gửi lên quá lớn. Không có gì bị thay đổi.", en: "The form that was sent is too large. Nothing was changed." },
  title429: { vi: "Quá nhiều yêu cầu", en: "Too many requests" },
  text429: { vi: "Bạn đã gửi quá nhiều yêu cầu. Hãy đợi một phút rồi thử lại.", en: "You have sent too many requests. Wait a minute and try again." },
  title500: { vi: "Hệ thống gặp lỗi", en: "Something went wrong" },
  text500: { vi: "Lỗi đã được ghi lại. Hãy thử lại; nếu vẫn lỗi, hãy báo quản trị hệ thống.", en: "The fault has been recorded. Try again; if it stays, tell the system's administrator." },
  title503: { vi: "Tạm thời chưa trả lời được", en: "No answer for the moment" },
  text503: { vi: "Cơ sở dữ liệu hiện chưa trả lời. Hãy thử lại sau ít phút.", en: "The database does not answer now. Try again in a few minutes." },
  back: { vi: "Về trang đầu", en: "To the first page" },
  expiredTitle: { vi: "Chưa lưu: phiên làm việc đã hết", en: "Not saved: your session has ended" },
  expiredText: { vi: "Bạn đã bị đăng xuất trước khi biểu mẫu được gửi, nên không có gì bị thay đổi. Dữ liệu bạn đã nhập vẫn ở dưới đây để chép lại.", en: "You were signed out before the form was sent, so nothing was changed. What you had entered is kept below, to be copied." },
  staleTitle: { vi: "Chưa lưu: biểu mẫu đã cũ", en: "Not saved: the form is out of date" },
  staleText: { vi: "Biểu mẫu này được mở trong một phiên khác, nên không có gì bị thay đổi. Hãy mở lại trang và gửi lần nữa. Dữ liệu bạn đã nhập vẫn ở dưới đây.", en: "This form was opened in another session, so nothing was changed. Open the page again and send it once more. What you had entered is kept below." },
  foreignTitle: { vi: "Yêu cầu đến từ trang khác", en: "The request came from another site" },
  foreignText: { vi: "Trình duyệt cho biết yêu cầu này không xuất phát từ trang quản trị, nên nó bị từ chối. Không có gì bị thay đổi. Hãy đóng trang vừa dẫn bạn tới đây; nếu chính bạn muốn làm việc này, hãy mở trang ở đây và làm lại.", en: "The browser says that this request did not come from the console, so it was refused. Nothing was changed. Close the page that led you here; if it was you who wanted this done, open the page here and do it again." },
  entered: { vi: "Dữ liệu đã nhập", en: "What you had entered" },
  technical: { vi: "Chi tiết kỹ thuật", en: "Technical details" },
  openAgain: { vi: "Mở lại trang", en: "Open the page again" },
  signInAgain: { vi: "Đăng nhập lại", en: "Sign in again" },
} as const satisfies Catalogue

export const chartText = {
  figures: { vi: "Xem số liệu", en: "Show the figures" },
} as const satisfies Catalogue
