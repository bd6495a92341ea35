import type { Catalogue } from "../web/words.ts"

/** Signing in and out, and proving again who one is. */
export const signInText = {
  title: { vi: "Đăng nhập", en: "Sign in" },
  intro: { vi: "Trang dành cho người được cấp hộp thư công vụ và quản trị viên.", en: "For holders of official mailboxes and for administrators." },
  address: { vi: "Địa chỉ hộp thư", en: "Mailbox address" },
  password: { vi: "Mật khẩu", en: "Password" },
  passwordHelp: { vi: "Mật khẩu của hộp thư. Mật khẩu ứng dụng không mở được trang này.", en: "The mailbox's own password. App passwords do not open this site." },
  button: { vi: "Đăng nhập", en: "Sign in" },
  refused: { vi: "Địa chỉ hoặc mật khẩu không đúng.", en: "The address or the password is wrong." },
  limited: { vi: "Đã nhập sai quá nhiều lần. Hãy đợi ít phút rồi thử lại.", en: "Too many failed attempts. Wait a few minutes and try again." },
  unavailable: { vi: "Hệ thống tạm thời chưa kiểm tra được mật khẩu. Hãy thử lại sau giây lát.", en: "Passwords cannot be checked just now. Try again in a moment." },
  wrongPassword: { vi: "Mật khẩu không đúng.", en: "The password is wrong." },
  expired: { vi: "Phiên làm việc đã hết. Hãy đăng nhập lại để tiếp tục ở trang vừa mở.", en: "Your session has ended. Sign in again to go on with the page you asked for." },
  passkey: { vi: "Đăng nhập bằng khóa đăng nhập", en: "Sign in with a passkey" },
  passkeyHelp: { vi: "Không cần mật khẩu: dùng vân tay, khuôn mặt hay mã PIN của thiết bị đã đăng ký.", en: "Without a password: with the finger, face or PIN of a device that you have registered." },
  passkeyRefused: { vi: "Khóa đăng nhập không được chấp nhận. Hãy thử lại, hoặc dùng mật khẩu.", en: "The passkey was not accepted. Try again, or use the password." },
  or: { vi: "Cách khác", en: "Other ways" },
  singleSignOn: { vi: "Đăng nhập qua {name}", en: "Sign in with {name}" },
  signedOut: { vi: "Bạn đã đăng xuất.", en: "You have signed out." },
  status: { vi: "Tình trạng hệ thống", en: "System status" },
  setUp: { vi: "Cách cài ứng dụng thư", en: "How to set up a mail client" },
  proveTitle: { vi: "Xác nhận lại", en: "Confirm that it is you" },
  proveText: { vi: "Việc này quan trọng nên cần mật khẩu một lần nữa. Dữ liệu bạn đã nhập được giữ nguyên.", en: "This matters, so your password is asked for once more. What you have entered is kept." },
  proveAnyText: { vi: "Việc này quan trọng nên cần xác nhận lại là bạn. Dữ liệu bạn đã nhập được giữ nguyên.", en: "This matters, so confirm once more that it is you. What you have entered is kept." },
  goOn: { vi: "Tiếp tục", en: "Go on" },
} as const satisfies Catalogue
