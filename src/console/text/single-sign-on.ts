import type { Catalogue } from "../web/words.ts"

/** Coming in by the identity provider, and why somebody could not. `{named}` is whom the provider named. */
export const singleSignOnText = {
  title: { vi: "Đăng nhập qua {name}", en: "Sign in with {name}" },
  back: { vi: "Về trang đăng nhập", en: "To the sign-in page" },
  unreachable: { vi: "Hiện không liên lạc được với {name}. Hãy thử lại sau ít phút, hoặc dùng mật khẩu của hộp thư.", en: "{name} cannot be reached just now. Try again in a few minutes, or use your mailbox's password." },
  stale: { vi: "Lần đăng nhập này đã quá lâu, hoặc không bắt đầu từ trình duyệt này. Hãy bắt đầu lại từ trang đăng nhập.", en: "This sign-in took too long, or did not begin in this browser. Begin again on the sign-in page." },
  refused: { vi: "{name} không xác nhận đăng nhập, hoặc bạn đã hủy.", en: "{name} did not confirm the sign-in, or you cancelled it." },
  weak: { vi: "{name} chưa xác thực bạn ở mức cần thiết (xác thực hai bước). Hãy đăng nhập ở đó bằng cách mạnh hơn rồi thử lại.", en: "{name} has not checked who you are as strictly as is needed here (a second step). Sign in there in a stronger way, and try again." },
  missing: { vi: "{name} không cho biết bạn là ai. Hãy báo quản trị hệ thống.", en: "{name} did not say who you are. Tell the system's administrator." },
  unverified: { vi: "{name} chưa xác minh địa chỉ {named} là của bạn.", en: "{name} has not verified that the address {named} is yours." },
  unknown: { vi: "Không có hộp thư nào của bạn ứng với “{named}”, hoặc hộp thư đang bị khóa. Hãy liên hệ quản trị của đơn vị.", en: "No mailbox of yours belongs to “{named}”, or it is suspended. Ask your unit's administrator." },
  role: { vi: "Với vai trò của “{named}”, không được đăng nhập qua {name}. Hãy dùng mật khẩu và xác thực bước hai.", en: "Whoever has the roles of “{named}” may not sign in with {name}. Use the password and the second step." },
  signedOutTitle: { vi: "Bạn đã đăng xuất khỏi trang này", en: "You have signed out of this site" },
  signedOut: { vi: "Trình duyệt có thể vẫn đang đăng nhập ở {name}: người dùng máy này sau bạn sẽ vào được ngay. Trên máy dùng chung, hãy đăng xuất cả ở đó.", en: "This browser may still be signed in at {name}, which would let the next person at this computer in. On a shared computer, sign out there, too." },
  end: { vi: "Đăng xuất cả ở {name}", en: "Sign out of {name} as well" },
} as const satisfies Catalogue
