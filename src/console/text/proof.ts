import type { Catalogue } from "../web/words.ts"

/** Second factors where they are asked for. */
export const proofText = {
  title: { vi: "Xác thực bước hai", en: "Second step" },
  intro: { vi: "Mật khẩu đúng. Hãy xác nhận thêm bằng một trong những cách bạn đã đăng ký.", en: "The password is right. Now confirm with one of the ways that you have registered." },
  code: { vi: "Mã xác thực", en: "Code" },
  codeHelp: { vi: "6 chữ số trong ứng dụng xác thực; mất điện thoại thì nhập một mã dự phòng.", en: "6 digits from the authenticator app; if you have lost the phone, one of your recovery codes." },
  recoveryCode: { vi: "Mã dự phòng", en: "Recovery code" },
  recoveryHelp: { vi: "Một trong 10 mã bạn đã cất, khi không dùng được khóa đăng nhập.", en: "One of the 10 codes that you have kept, for when the passkey cannot be used." },
  usePasskey: { vi: "Dùng khóa đăng nhập", en: "Use a passkey" },
  button: { vi: "Xác nhận", en: "Confirm" },
  wrong: { vi: "Không đúng, hoặc đã được dùng. Hãy thử lại.", en: "Not accepted: wrong, or used before. Try again." },
  limited: { vi: "Đã nhập sai quá nhiều lần. Hãy đợi một giờ, hoặc dùng khóa đăng nhập.", en: "Too many wrong codes. Wait an hour, or use a passkey." },
  unavailable: { vi: "Hệ thống tạm thời chưa kiểm tra được. Hãy thử lại sau giây lát.", en: "This cannot be checked just now. Try again in a moment." },
  lost: { vi: "Mất cả điện thoại lẫn mã dự phòng? Hãy nhờ quản trị của đơn vị đặt lại.", en: "Lost both the phone and the recovery codes? Ask your unit's administrator to reset the second step." },
  cancelled: { vi: "Chưa nhận được trả lời của khóa đăng nhập. Hãy thử lại.", en: "The passkey gave no answer. Try again." },
  known: { vi: "Thiết bị này đã được đăng ký rồi.", en: "This device is registered already." },
  unsupported: { vi: "Trình duyệt này không hỗ trợ khóa đăng nhập.", en: "This browser does not support passkeys." },
  elsewhere: { vi: "Khóa đăng nhập chỉ dùng được khi mở trang này bằng tên {domain}.", en: "Passkeys work only when this page is opened by the name {domain}." },
  needsScript: { vi: "Khóa đăng nhập cần JavaScript.", en: "Passkeys need JavaScript." },
  provePassword: { vi: "hoặc dùng mật khẩu", en: "or the password" },
  againBySingleSignOn: { vi: "Xác nhận lại qua {name}", en: "Confirm again with {name}" },
} as const satisfies Catalogue
