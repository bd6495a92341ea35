/** TLS reports as others send them (RFC 8460). */
export const theirReport = (id = "1@gui.example") => ({
  "organization-name": "Công ty Mẫu",
  "date-range": { "start-datetime": "2026-11-26T00:00:00Z", "end-datetime": "2026-11-26T23:59:59Z" },
  "contact-info": "tls@gui.example",
  "report-id": id,
  policies: [
    {
      policy: { "policy-type": "sts", "policy-string": ["version: STSv1", "mode: testing"], "policy-domain": "tinh.example", "mx-host": ["mail.tinh.example"] },
      summary: { "total-successful-session-count": 5_326, "total-failure-session-count": 303 },
      "failure-details": [
        { "result-type": "certificate-expired", "sending-mta-ip": "2001:db8::1", "receiving-mx-hostname": "mail.tinh.example", "receiving-ip": "192.0.2.7", "failed-session-count": 100 },
        { "result-type": "starttls-not-supported", "receiving-mx-hostname": "mail.tinh.example", "receiving-mx-helo": "mail", "failed-session-count": 203, "failure-reason-code": "X509", "additional-information": "https://gui.example/?id=1" },
      ],
    },
  ],
})

export interface ReportMailOptions {
  readonly attachment: Uint8Array
  readonly type?: string
  /** Whether the message itself says that it is a report. */
  readonly says?: boolean
  readonly from?: string
  readonly to?: string
}

/** The mail that carries one. */
export const reportMail = ({ attachment, type = "application/tlsrpt+gzip", says = true, from = "bao-cao@gui.example", to = "postmaster@tinh.example" }: ReportMailOptions): string =>
  [
    `From: <${from}>`, `To: <${to}>`, "Subject: Report Domain: tinh.example Submitter: gui.example Report-ID: <1@gui.example>", "Date: Fri, 27 Nov 2026 08:00:00 +0700", `Message-ID: <${Math.abs(attachment.length)}.tls@gui.example>`,
    ...(says ? ["TLS-Report-Domain: tinh.example", "TLS-Report-Submitter: gui.example"] : []), "MIME-Version: 1.0",
    `Content-Type: ${says ? 'multipart/report; report-type="tlsrpt"' : "multipart/mixed"}; boundary="b"`, "", "--b", "Content-Type: text/plain", "", "A report.", "--b",
    `Content-Type: ${type}`, "Content-Transfer-Encoding: base64", 'Content-Disposition: attachment; filename="gui.example!tinh.example!1795651200!1795737599.json.gz"', "",
    (Buffer.from(attachment).toString("base64").match(/.{1,76}/g) ?? []).join("\r\n"), "--b--", "",
  ].join("\r\n")
