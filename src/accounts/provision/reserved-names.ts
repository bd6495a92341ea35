/**
 * Local parts that speak for the mail system or an office of the network, not for a person (RFC 2142 §2 to §5, RFC 5321 §4.5.1), and those that people
 * trust without looking. Whoever holds one could pass himself off as the administration, or prove a domain to a certificate authority
 * (CA/Browser Forum Baseline Requirements §3.2.2.4.4).
 */
const reserved = new Set([
  "postmaster", "abuse", "hostmaster", "webmaster", "noc", "security", "usenet", "news", "www", "uucp", "ftp", "info", "marketing", "sales", "support",
  "admin", "administrator", "root", "sysadmin", "mailer-daemon", "mailerdaemon", "daemon", "nobody", "noreply", "no-reply", "bounce", "bounces", "ssladmin", "sslwebmaster",
  "quantri", "quan-tri", "quantrithu", "hotro", "hethong", "he-thong", "baomat", "matkhau", "chukyso", "thongbao", "dmarc", "tlsrpt", "postmaster-tls", "autoconfig", "autodiscover", "congthu",
])

/** Also with a number behind it, and whatever a bounce comes back to (mail/srs.ts). */
export const isReserved = (localPart: string): boolean => reserved.has(localPart.toLowerCase().replace(/[._-]?\d+$/, "")) || /^srs[01][=+-]/i.test(localPart)
