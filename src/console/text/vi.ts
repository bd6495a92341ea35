/** Set-up of mail clients: what they show, and what they are told when there is nothing for them. */
export const setupText = {
  helpPage: "Cách cài ứng dụng thư",
  helpPageEnglish: "How to set up a mail client",
  profile: "Cài hộp thư công vụ trên thiết bị này. Mật khẩu được hỏi khi cài.",
  addressBook: "Sổ địa chỉ công vụ",
  refused: {
    404: "Không phải tên miền thư của hệ thống này. Not a mail domain of this system.",
    413: "Yêu cầu quá dài. The request is too long.",
    415: "Không nhận yêu cầu nén. Compressed requests are not taken.",
    429: "Quá nhiều yêu cầu, hãy thử lại sau. Too many requests; try again later.",
  },
  onlyHttps: "Chỉ phục vụ qua HTTPS. Only over HTTPS.",
} as const

/** What `/certificates` says when it has no certificates to give, by status. */
export const certificateText: Readonly<Record<number, string>> = {
  401: "Hãy đăng nhập bằng địa chỉ hộp thư và mật khẩu. Sign in with your address and password.",
  404: "Không có chứng thư nào cho địa chỉ này. No certificate is known for this address.",
  406: "Chỉ có các dạng application/pkcs7-mime, application/pem-certificate-chain và application/pkix-cert. None of the forms asked for is available.",
  429: "Bạn đã tra cứu hoặc đăng nhập sai quá nhiều lần, hãy thử lại sau. Too many lookups or failed sign-ins; try again later.",
  503: "Hệ thống tạm thời chưa trả lời được, hãy thử lại sau. The directory cannot be read now; try again in a moment.",
}
