import { z } from "zod"
import { anchors, askable, certificatePairs, count, destinationRates, destinations, dnsServers, duration, durations, file, flag, ipAddresses, level, list, matching, networks, oids, partners, port, section, signingKeys, size, text, word, words } from "./key-kinds.ts"

/**
 * Every key of the configuration: type, unit, default and one sentence. The reference in docs/configuration.md is made from here.
 * Text carries its unit ("30m", "25MiB") and is parsed once; modules receive only their own part, frozen.
 */
const revocation = section({
  prefer: word(["ocsp", "crl"], "ocsp", "What is asked first of a certificate that names both: `ocsp` is fresher, `crl` is one download for all."),
  refresh: duration("15m", "An answer this old is asked for again."),
  maxAge: duration("1d", "How long an answer stands while its source cannot be reached, counted from when it was had; never beyond its own nextUpdate. Evidence that came with a message counts from its thisUpdate."),
  retry: duration("30s", "A source that failed is left alone for this long."),
  remember: duration("5m", "How long the status of a certificate, path and revocation together, is used without looking at either."),
  recheck: duration("1h", "How often the certificates of the registry are asked for again, so that a revocation is known before its holder writes the next message."),
  timeout: duration("5s", "Time for one download. A message waits at most twice as long for all of them."),
  skew: duration("5m", "How much the clocks of authorities may differ from ours."),
  nonce: flag(false, "Send a nonce with OCSP requests (RFC 9654). Many responders answer with what they signed in advance, without one."),
  allow: askable(
    "Where CRLs and OCSP responders may be asked: `public` for any public address, and beginnings of URLs such as `http://crl.ca.example/` or `http://*.ca.example/`, which may be on private addresses. " +
      "Empty: nobody is asked. Only certificates on a path to an anchor are ever followed, over http and https, and no redirect is.",
  ),
  lists: list("Further CRLs, as URLs or as files (DER or PEM): for authorities whose certificates name none, and for machines without a way to the internet."),
})

const acme = section({
  directory: text("", "Directory URL of an authority that speaks ACME (RFC 8555): the server certificate is had from it, and renewed. Empty: certificates are the files named above, or the development CA's. See docs/tls.md."),
  termsAgreed: flag(false, "You have read the authority's terms of service and agree to them. Nothing is asked of it before."),
  contacts: list("Addresses that the authority writes to when something is wrong with the certificate."),
  names: list("Names in the certificate, all of which must lead here. Empty: `hostname` alone."),
  challenge: word(["http-01", "tls-alpn-01"], "http-01", "How the authority is shown that the names are ours: `http-01` looks at port 80 of each name, `tls-alpn-01` at port 443."),
  port: port(0, "Port that the role `worker` listens on for that, while an order is under way. 0: the listener of `listen.http` answers (`http-01` only)."),
  authorities: list("PEM files of authorities trusted for the HTTPS of the ACME server itself, beside those that Node trusts: for an authority of the province's own."),
  externalKeyId: text("", "Key identifier of the external account, where the authority wants one (RFC 8555 §7.3.4)."),
  externalKeyFile: file("File with its MAC key in base64url."),
}).check((context) => {
  const { directory, termsAgreed, names, contacts, challenge, port, externalKeyId, externalKeyFile } = context.value
  const report = (key: string, message: string): void => void context.issues.push({ code: "custom", message, input: context.value, path: [key] })
  if (directory === "") return
  if (!URL.canParse(directory) || new URL(directory).protocol !== "https:") report("directory", `"${directory}" is no https URL`)
  if (!termsAgreed) report("termsAgreed", "is needed where tls.acme.directory is set: read the authority's terms of service, then set it to true")
  for (const name of names) if (!/^(?=.{1,253}$)[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63})+$/.test(name)) report("names", `"${name}" is no name such as mail.tinh.example (lower case, xn-- where it has other letters, no wildcard)`)
  for (const address of contacts) if (!/^[^\s@?,]+@[^\s@?,]+$/.test(address)) report("contacts", `"${address}" is no address`)
  if (challenge === "tls-alpn-01" && port === 0) report("port", "is needed where tls.acme.challenge is tls-alpn-01")
  if ((externalKeyId === "") !== (externalKeyFile === "")) report("externalKeyFile", "goes with tls.acme.externalKeyId: both or neither")
})

/** Roles of accounts/administrator.ts, and everybody else. */
const consoleRoles = ["province", "unit", "auditor", "operator", "holder"] as const

const singleSignOn = section({
  issuer: text("", "Issuer URL of the identity provider (OpenID Connect), as its discovery document has it. Empty: no single sign-on."),
  name: text("", "What people call it, for the button on the sign-in page. Empty: its host name."),
  clientId: text("", "The console's identifier there. Register the redirect URI `console.url` + `/console/sso/callback`."),
  clientSecretFile: file("File with the client's secret. Empty: a public client, protected by PKCE alone."),
  authorities: list("PEM files of authorities trusted for the HTTPS of the provider, beside those that Node trusts."),
  scopes: list("Further scopes to ask for, beside `openid`, `profile` and `email`."),
  claim: text("email", "The claim of the ID token that says who somebody is. `email` counts only where `email_verified` is true."),
  match: word(["address", "principal"], "address", "What that claim names: the address of a mailbox, whose owner signs in, or the identifier of a principal."),
  roles: words(consoleRoles, "Who may come in this way: administrators by their roles, and `holder`: who has none. One role that is missing here keeps out whoever holds it."),
  acr: list("Authentication contexts (`acr`), one of which the provider must vouch for; it then stands for the second factor as well. Empty: the provider counts as a password does."),
}).check((context) => {
  const { issuer, clientId } = context.value
  if (issuer === "") return
  const report = (key: string, message: string): void => void context.issues.push({ code: "custom", message, input: context.value, path: [key] })
  if (!URL.canParse(issuer) || new URL(issuer).protocol !== "https:") report("issuer", `"${issuer}" is no https URL`)
  if (clientId === "") report("clientId", "is needed where console.oidc.issuer is set")
})

export const configSchema = z.strictObject({
  dataDir: text("data", "Folder of everything that must last: embedded database, blobs, keys, development certificates."),
  hostname: text("mail.tinh.example", "Name of this server in greetings, trace headers and certificates."),
  listen: section({
    host: text("127.0.0.1", "Address that all listeners bind to."),
    smtp: port(2525, "SMTP from other servers (MX), STARTTLS."),
    submission: port(5870, "Submission by mail clients, STARTTLS (RFC 6409)."),
    submissions: port(4650, "Submission by mail clients, TLS from the first byte (RFC 8314)."),
    imap: port(1143, "IMAP, STARTTLS."),
    imaps: port(9930, "IMAP, TLS from the first byte (RFC 8314)."),
    https: port(8443, "Console and API."),
    http: port(0, "Autoconfig files for mail clients that ask without TLS; everything else is sent on to HTTPS. 0: none."),
    metrics: port(9464, "Metrics and health, for the machines that watch this one."),
  }),
  clients: section({
    host: text("", "Server name told to mail clients. Empty: `listen.host`, or `hostname` where that means every address."),
    imap: port(0, "Port told to mail clients where it is not the one listened on (containers, NAT); 0: the same."),
    imaps: port(0, "As `clients.imap`."),
    submission: port(0, "As `clients.imap`."),
    submissions: port(0, "As `clients.imap`."),
    https: port(0, "As `clients.imap`; where clients find their set-up files and people the help page."),
    serviceName: text("Thư công vụ", "Name of the mail service, as mail clients show it."),
    helpUrl: text("", "Page that explains the set-up to people. Empty: `/help` of this server."),
    addressBook: text("", "LDAP address book that Apple devices are set up with, as `ldaps://host/base DN`. Empty: none."),
    addressBookUser: text("", "Name to sign in to it with; the device asks for its password. Empty: without."),
    profileKeyFile: file("PKCS #12 file of the key that signs set-up profiles for Apple devices; a certificate that these devices trust. Empty: profiles are not signed."),
    profileKeyPasswordFile: file("File with its password."),
    setupsPerHour: count(3_000, "Set-up files that one client network may ask for in an hour; an office behind one address counts as one."),
  }).check((context) => {
    const { addressBook, profileKeyFile, profileKeyPasswordFile } = context.value
    const report = (key: string, message: string): void => void context.issues.push({ code: "custom", message, input: context.value, path: [key] })
    if (addressBook !== "" && !/^ldaps:\/\/[^/?#:@\s]+\/[^/?#]+$/.test(addressBook)) report("addressBook", `"${addressBook}" is not of the form ldaps://host/dc=tinh,dc=example; devices use port 636`)
    if (profileKeyFile !== "" && profileKeyPasswordFile === "") report("profileKeyPasswordFile", "is needed where clients.profileKeyFile is set")
  }),
  database: section({
    url: text("", "PostgreSQL URL. Empty: an embedded PostgreSQL under the data folder.", { secret: true }),
    poolSize: count(8, "Connections that one process keeps to PostgreSQL."),
    answerTimeout: duration("1m", "A statement that PostgreSQL does not answer within this is given up, and its client told to try again later."),
  }),
  redis: section({ url: text("", "Redis URL for queues, change feed and rate limits. Empty: PostgreSQL does it all.", { secret: true }) }),
  tls: section({
    certificateFile: file("PEM chain of the server certificate. Empty: the development CA makes one."),
    keyFile: file("PEM private key of the server certificate."),
    certificates: certificatePairs(
      "Further server certificates: a list of `{ certificateFile, keyFile }`. A client is served with the one for the name it asks for (SNI), with the first otherwise; RSA beside ECDSA for all names of the first.",
    ),
    reload: duration("1m", "How often the certificate files are looked at for new ones; SIGHUP does it at once."),
    clientAuthorities: list(
      "Files (PEM, DER or PKCS #7) of authorities whose client certificates sign in by SASL EXTERNAL to the accounts of their holders; authorities between them and the clients may be in them, too. Empty: no client is asked for a certificate.",
    ),
    acme,
    clientAddresses: flag(false, "A client certificate that is not in the registry opens the account whose address it has as rfc822Name. Only where the authorities in `tls.clientAuthorities` vouch for addresses."),
  }).check((context) => {
    const { acme, certificateFile } = context.value
    if (acme.directory !== "" && certificateFile !== "") context.issues.push({ code: "custom", message: "is not for a server whose certificate comes by tls.acme: move it to tls.certificates", input: context.value, path: ["certificateFile"] })
  }),
  pki: section({
    anchors: anchors(
      "Authorities whose signatures count: a list of `{ name, file, purposes }`; the file is PEM, DER or PKCS #7; purposes are `emailProtection`, `timeStamping`, `ocspSigning` or object identifiers. " +
        "Empty: the development S/MIME CA. Refused empty in production.",
    ),
    intermediateFiles: list("Files of authorities between an anchor and the signers, for messages that come without them, and of those who sign lists with another key; they are not trusted by themselves."),
    extendedKeyUsages: oids(["emailProtection"], "Extended key usages, any of which lets a certificate sign mail; each must be among the anchor's purposes, too."),
    algorithms: section({
      minRsaBits: count(2048, "Smallest RSA key, of signers and of every authority above them."),
      curves: words(["P-256", "P-384", "P-521"], "Elliptic curves allowed."),
      digests: words(["sha256", "sha384", "sha512"], "Digests allowed in signatures; others are called weak."),
      ed25519: flag(true, "Whether Ed25519 is allowed (RFC 8410)."),
    }),
    revocation,
  }),
  signing: section({
    keys: signingKeys(
      "Keys that this server signs with on behalf of automated senders: a list of `{ name, pkcs12: { file, passwordFile }, for: [addresses] }`, or with " +
        "`pkcs11: { module, tokenLabel, keyLabel, pinFile, certificateFile }` for a key in a token; `pss: true` for RSASSA-PSS. See docs/signing.md.",
    ),
    timestampUrl: text("", "Time-stamping authority that is asked for a stamp on each of these signatures (RFC 3161). Empty: none. A private address must be in `pki.revocation.allow`."),
  }),
  store: section({
    keyFile: file("File with the 32-byte key (hex) that seals contents at rest. Empty: `keys/content.key` in the data folder, made at the first start."),
    blobDir: file("Folder of large contents. Empty: `blobs` in the data folder."),
    inlineBytes: size("64KiB", "Contents up to this many stored bytes are kept inside PostgreSQL."),
    contentGrace: duration("7d", "How long an unreferenced content is kept before housekeeping deletes it."),
    housekeeping: duration("1h", "How often unreferenced contents are looked for and long logs folded."),
    minimumFree: size("512MiB", "Below this much free disk new mail is deferred with 452 4.3.1."),
    detailsCache: size("128MiB", "Memory that one IMAP process spends on what never changes about messages: half on structures, half on search text."),
  }),
  smtp: section({
    processes: count(1, "Processes that share the SMTP ports under `npm start`. Without Redis each counts rates and failed sign-ins alone."),
    maxMessageBytes: size("50MiB", "Largest message accepted (SIZE, RFC 1870)."),
    maxRecipients: count(1000, "Recipients in one transaction."),
    maxConnections: count(2000, "Open SMTP connections of one process."),
    maxConnectionsPerAddress: count(250, "Open SMTP connections of one process from one client address."),
    maxErrors: count(10, "Protocol errors before a connection is closed."),
    idleTimeout: duration("5m", "Silence before a connection is closed (RFC 5321 §4.5.3.2)."),
    messagesPerHour: count(500, "Messages that one account may submit in an hour."),
    xclientProxies: list("Addresses of proxies that may use XCLIENT."),
  }),
  imap: section({
    processes: count(0, "Processes that share the IMAP ports under `npm start`; 0: one for each core, at most 4."),
    maxConnections: count(10_000, "Open IMAP connections of one process."),
    maxConnectionsPerAddress: count(3_000, "Open IMAP connections of one process from one client address."),
    maxLineBytes: size("64KiB", "Longest command, literals apart."),
    maxLiteralBytes: size("50MiB", "Largest literal of APPEND; other literals are bounded by maxLineBytes."),
    autologout: duration("31m", "Silence before a signed-in session is closed; at least 30 minutes (RFC 9051 §5.4)."),
    loginTimeout: duration("1m", "Time to sign in."),
    maxErrors: count(20, "Protocol errors in a row before a connection is closed."),
    vietnameseFolderNames: flag(false, "Create default folders with Vietnamese names (Thư nháp, Thư đã gửi …)."),
  }),
  dns: section({
    servers: dnsServers("Recursive resolvers, as `address` or `address:port` (IPv6 in brackets). Empty: those of this machine."),
    outboundAddresses: ipAddresses("Addresses that our mail comes from, for the SPF record. Empty: the hosts of the domain's MX."),
    reportsTo: text("", "Address that is told to other servers for DMARC and TLS reports. Empty: `postmaster` of the domain."),
    mtaSts: word(["testing", "enforce", "none"], "testing", "What the MTA-STS policy of our domains asks of other servers (RFC 8461): `enforce` once reports are clean, `none` before taking it away."),
    mtaStsMaxAge: duration("7d", "How long other servers remember that policy; weeks once it is enforced."),
    keyCheck: duration("1h", "How often the DNS is asked whether it shows DKIM keys that wait for it; then they sign. At the start of a worker, too."),
    dnssec: flag(false, "The resolvers validate DNSSEC and nobody stands between them and this machine (best: one on this machine), so that their word on it counts. DANE needs it."),
  }),
  inbound: section({
    authenticate: flag(true, "Ask SPF, DKIM, DMARC and ARC of mail from other servers. What follows is in the policy; an answer that DMARC needs and the DNS cannot give defers the message."),
    exempt: networks(["127.0.0.0/8", "::1"], "Clients that need not prove where their mail comes from: this machine, and relays of ours that have asked already."),
    trustedSealers: list("Domains of forwarders and mailing lists whose ARC seal counts: what they saw pass DMARC is taken although it fails here."),
    timeout: duration("20s", "For all questions to the DNS that one message causes."),
    greylisting: flag(false, "Defer the first message of an unknown sender to a recipient, by network, for a few minutes: many who send spam never come again."),
    greylistDelay: duration("5m", "A sender that comes again after this is let in."),
    greylistRemember: duration("36d", "How long one that was let in is remembered after its last message."),
  }),
  scan: section({
    rspamdUrl: matching(/^https?:\/\/[^/?#@\s]+\/?$/, "is no URL such as http://127.0.0.1:11333", "Rspamd that every message is shown to, as `http://host:port`. Empty: none."),
    clamavSocket: matching(/^(?:\/.+|\[[0-9A-Fa-f:.]+\]:\d{1,5}|[^:/\s]+:\d{1,5})$/, "is neither a path nor host:port", "clamd that every message is shown to: the path of its socket, or `host:port`. Empty: none."),
    timeout: duration("30s", "For one scanner to answer."),
    whenDown: word(["defer", "accept"], "defer", "What becomes of a message that a scanner does not answer for: `defer` has its sender try again, `accept` takes it unseen."),
  }),
  delivery: section({
    smarthost: text("", "Remote mail goes through this host:port. Empty: straight to the recipients' MX."),
    partners: partners(
      "Destinations whose TLS an administrator vouches for, whatever they publish: a list of `{ domains: [so.example, \"*.huyen.example\"], require: pinned, caFile, names, minVersion }`. `pinned`: only the authorities of `caFile` count; " +
        "`verified`: those that Node trusts and those of `caFile`. The certificate must be for one of `names`, or for the recipient's domain or a name below it where there are none. See docs/tls-outbound.md.",
    ),
    srsDomain: text("", "Domain of the return addresses that mail passed on to other servers goes out with; its MX is this server. Empty: `hostname`."),
    concurrency: count(20, "Remote deliveries under way at once."),
    messagesPerMinute: count(0, "Messages a minute to one destination (the hosts that take the mail of a domain) that `delivery.rates` does not name; 0: as many as it takes."),
    rates: destinationRates(
      "Messages a minute to single destinations: a list of `{ destinations: [xa.example, \"*.nha-mang.example\"], perMinute: 60 }`; a name is the recipient's domain or one of its mail hosts (MX), the first entry that means it counts. " +
        "All workers together where there is Redis, each for itself where there is none.",
    ),
    connectTimeout: duration("30s", "Time to reach a remote server."),
    commandTimeout: duration("5m", "Time for a remote server to answer (RFC 5321 §4.5.3.2)."),
    retry: durations(["5m", "10m", "30m", "1h", "2h", "4h"], "Waits between attempts of a deferred delivery; the last one repeats."),
    delayNotice: duration("4h", "A sender is told once when a delivery has waited this long."),
    expiry: duration("5d", "A delivery that has waited this long has failed."),
    sweep: duration("5s", "How often committed deliveries that no job carries are looked for."),
  }),
  suppression: section({
    bounces: count(2, "A foreign recipient is refused at submission after so many messages came back because it does not exist; 0: never."),
    within: duration("30d", "Each of them within this of the one before."),
    for: duration("30d", "How long it is refused. An administrator may end it before: `congthu suppression remove`."),
  }),
  forwarding: section({
    inside: flag(true, "People may have the mail of their mailbox passed on to another mailbox here."),
    domains: destinations("Foreign domains that they may have it passed on to, as `xa.example` or `*.xa.example`. Empty: none, official mail stays inside."),
  }),
  outbound: section({
    strangersPerHour: count(200, "Foreign recipients with whom an account has never exchanged mail, in one hour. Beyond it all its mail is held and the administrators are told; 0: any number."),
    recipientsPerHour: count(1000, "Foreign recipients of one account in one hour; likewise."),
    suddenFactor: count(10, "More than so many times the account's usual recipients in an hour is sudden, and held likewise …"),
    suddenAbove: count(100, "… where it is more than this, too; 0: never."),
    automated: list("Addresses of accounts that programs send from: strangers and sudden volume are their business."),
    automatedRecipientsPerHour: count(20_000, "Foreign recipients of such an account in one hour."),
  }),
  policy: section({
    file: file("Rules for messages, see docs/policy.md. Put in force at a start when it has changed since the last one. Empty: the shipped `config/policy.yaml`."),
    keepDecisions: duration("400d", "How long decisions and the facts they rest on are kept, for `policy replay`."),
  }),
  auth: section({
    keyFile: file("File with the 32-byte key (hex) of app password hashes. Empty: `keys/credential.key` in the data folder, made at the first start."),
    bcryptCost: count(10, "Work factor of password hashes."),
    mailPassword: word(["withoutSecondFactor", "always"], "withoutSecondFactor", "Whose mailbox's own password opens it over IMAP and submission, too: of everybody, or only of those who have no second factor. All others give their mail clients app passwords; a second factor is worth little where the password alone opens the mailbox."),
    maxFailures: count(10, "Failed sign-ins of one client address on one account within the window before it must wait."),
    failureWindow: duration("10m", "Window in which failed sign-ins are counted."),
  }),
  directory: section({
    addressRule: text("{ten}{hodem}.{donvi}@{domain}", "How mailboxes of people are named in units that say nothing themselves: `{ten}` given name, `{ho}` family name, `{hodem}` initials of all but the given name, `{hoten}` whole name, `{donvi}` unit, `{coquan}` agency, `{so}` number of namesakes."),
    personalQuota: size("2GiB", "Quota of a new person's mailbox, where nothing else is said."),
    organizationalQuota: size("10GiB", "Quota of a new office's mailbox, likewise."),
    keepOldAddress: duration("180d", "How long the former address of somebody who has moved still reaches the mailbox."),
    leaverMonths: count(6, "Months after which the mailbox of somebody who has left is archived."),
    headMonths: count(12, "The same for heads and those above them."),
    headTitles: list("Beginnings of the titles by which heads are recognized; marks and capitals do not matter.", ["Chủ tịch", "Bí thư", "Giám đốc", "Tổng Giám đốc", "Chánh", "Trưởng", "Viện trưởng", "Hiệu trưởng", "Quyền"]),
    upkeep: duration("1h", "How often mailboxes are looked for that are to be archived, and former addresses that are over."),
  }),
  certificates: section({
    administrators: list("Addresses that are told as administrators: before signing certificates end (beside the holders and the administrators of their units), of accounts that are held, and where the policy says `administrators`. Empty: whoever holds the role `province`."),
    warningCheck: duration("1h", "How often certificates are looked for that end in 60, 30, 7 or 1 days."),
  }),
  reports: section({
    send: word(["auto", "on", "off"], "auto", "Whether domains that ask for it are told daily how it went with them (TLS-RPT, DMARC): `auto` when the domain of `reports.from` is no reserved one such as `tinh.example`. See docs/reports.md."),
    from: matching(/^[^\s@<>"]+@[^\s@<>"]+$/, "is no address", "Address that these reports are from; its domain needs DKIM keys. Empty: the postmaster of the domain of `hostname`, or of the nearest one above it."),
    organization: text("", "Name of the organization in them. Empty: the domain of `reports.from`."),
    contact: text("", "Where others ask about them, an address or a URL. Empty: `reports.from`."),
    spread: duration("4h", "Reports about a day are sent over so long, at random, so that not everybody is told at midnight."),
    check: duration("10m", "How often reports are made and sent, and reports of others read that have come to `dns.reportsTo`."),
    keepCounts: duration("30d", "How long the counts are kept that reports are made of: TLS sessions by day, and mail by DMARC result."),
    keep: duration("400d", "How long reports, ours and others', are kept for `congthu reports`."),
    paper: section({
      pagePrice: count(500, "What a printed page costs, in VND: paper, toner, wear. The monthly report counts with it what was saved on paper."),
      pagesPerDocument: count(3, "How many pages a message with files is taken to have there."),
    }),
  }),
  ldap: section({
    url: text("", "LDAP server whose address book is kept in step with the directory, as `ldaps://host:port`. Empty: none."),
    serverName: text("", "Name that its certificate is for. Empty: the host of the URL."),
    caFile: file("PEM of the authority that issued its certificate. Empty: the authorities that Node trusts."),
    baseDn: text("", "Entry that `ou=people` is made below, such as `dc=tinh,dc=example`."),
    bindDn: text("", "Name to sign in with; it must be allowed to write below `ldap.baseDn`."),
    bindPasswordFile: file("File with its password."),
    showPhones: flag(false, "Show the telephone numbers of people."),
    check: duration("1m", "How often it is asked whether the LDAP server is in step; a change of the directory is taken over at once."),
    compare: duration("1d", "Everything is compared after this even when nobody changed the directory."),
  }).check((context) => {
    const { url, ...needed } = context.value
    if (url === "") return
    const report = (key: string, message: string): void => void context.issues.push({ code: "custom", message, input: context.value, path: [key] })
    if (!/^ldaps:\/\/[^/?#]+\/?$/.test(url)) report("url", `"${url}" is not of the form ldaps://host:port; passwords are not sent without TLS`)
    for (const key of ["baseDn", "bindDn", "bindPasswordFile"] as const) if (needed[key] === "") report(key, "is needed where ldap.url is set")
  }),
  ldapSync: section({
    url: text("", "LDAP or Active Directory server that people and groups are taken over from, as `ldaps://host:port`, or `ldap://host:port`: then by StartTLS. Empty: none."),
    serverName: text("", "Name that its certificate is for. Empty: the host of the URL."),
    caFile: file("PEM of the authority that issued its certificate. Empty: the authorities that Node trusts."),
    bindDn: text("", "Name to sign in with; it need only read."),
    bindPasswordFile: file("File with its password."),
    baseDn: text("", "Entry below which people and groups are, such as `ou=cbcc,dc=tinh,dc=example`."),
    personFilter: text("(&(objectClass=person)(mail=*))", "Which entries are people who have a mailbox. Who no longer fits is suspended; for Active Directory add `(!(userAccountControl:1.2.840.113556.1.4.803:=2))`."),
    groupFilter: text("", "Which entries are mail groups, such as `(&(objectClass=group)(mail=*))`. Empty: groups are not taken over."),
    idAttribute: text("entryUUID", "What never changes about an entry; `objectGUID` for Active Directory."),
    numberAttribute: text("employeeNumber", "A person's id in the directory. Without a value it gets the next number."),
    nameAttribute: text("displayName", "A person's whole name, the family name first; a group's is `cn`."),
    unitAttribute: text("departmentNumber", "Code or name of a person's unit; `department` for Active Directory."),
    titleAttribute: text("title", "A person's title."),
    phoneAttribute: text("telephoneNumber", "A person's telephone number."),
    addressAttribute: text("mail", "The mailbox's address; one that is in no domain of the directory's is made by the unit's rule instead."),
    memberAttribute: text("member", "Distinguished names of a group's members."),
    defaultUnit: text("", "Code of the unit of people who have none there. Empty: they are reported and left out."),
    quota: size("2GiB", "Quota of accounts that are made."),
    maxSuspended: count(5, "Percent of the people taken over that one run may suspend, and of the groups and their members that it may remove, without `congthu ldap-sync apply --confirm`."),
    every: duration("0s", "How often it is done by itself. 0s: only when `congthu ldap-sync` is called."),
  }).check((context) => {
    const { url, baseDn, bindDn, bindPasswordFile, maxSuspended } = context.value
    if (url === "") return
    const report = (key: string, message: string): void => void context.issues.push({ code: "custom", message, input: context.value, path: [key] })
    if (!/^ldaps?:\/\/[^/?#]+\/?$/.test(url)) report("url", `"${url}" is not of the form ldaps://host:port or ldap://host:port`)
    for (const [key, value] of Object.entries({ baseDn, bindDn, bindPasswordFile })) if (value === "") report(key, "is needed where ldapSync.url is set")
    if (maxSuspended > 100) report("maxSuspended", "is above 100")
  }),
  audit: section({
    keyFile: file("File with the 32-byte key (hex) that heads of the audit's chain are signed with (Ed25519). Empty: `keys/audit.key` in the data folder, made at the first start."),
    seal: duration("1s", "How often committed entries are appended to the chain."),
    head: duration("1h", "How often the head of the chain is signed, where it has grown; stamped too where `signing.timestampUrl` is set."),
    keep: duration("0s", "Entries older than this are deleted up to a signed head, which is recorded. 0s: none ever is."),
  }),
  log: section({
    level: level("Least severe log line written."),
  }),
  demo: section({ seed: flag(true, "Fill an empty directory with the demonstration province and three demo logins at the first start. Refused in production.") }),
  api: section({
    requestsPerMinute: count(600, "Requests to `/api/v1` that one token may make in a minute. 0: as many as it likes."),
  }),
  quarantine: section({
    linkFor: duration("14d", "How long a recipient may release the own copy of a message that policy set aside, by the link in the notice. 0s: no links, only administrators release."),
    pagesPerHour: count(600, "Pages behind such links that one client network may ask for in an hour."),
  }),
  notifications: section({
    callsPerMinute: count(12_000, "Calls to send a notification that one token may make in a minute, counted apart from its other requests. 0: as many as it likes."),
    recipientsPerHour: count(50_000, "Recipients that one token may write to in an hour; a call that would go beyond it is told to wait. 0: any number."),
    maxAttachmentBytes: size("5MiB", "Attachments of one notification together; stored once, however many receive them."),
    concurrency: count(3, "Large parts of notifications that one worker process sends at once: what is asked for waits in the store, so that mail of people never waits behind it."),
    remoteAtOnce: count(1_000, "Notifications that may be on their way to other servers at once; the rest wait in the store, behind nobody's mail."),
    keep: duration("90d", "How long a notification and what became of it are kept, and its idempotency key with it; at least one day."),
    readStatus: list("Addresses of sending accounts that are told whether a message in a mailbox here was read."),
    webhooks: askable("Where webhooks may be called, over https only: `public` for any public address, and beginnings of URLs such as `https://mot-cua.tinh.example/` or `https://*.tinh.example/`, which may be on private addresses."),
    webhookCaFile: file("PEM of the authorities that issued the webhooks' certificates. Empty: the authorities that Node trusts."),
    webhookTimeout: duration("10s", "Time for a webhook to answer."),
  }).check((context) => {
    if (context.value.keep < 86_400_000) context.issues.push({ code: "custom", message: "is less than a day: systems may repeat a call for so long", input: context.value, path: ["keep"] })
  }),
  webhooks: section({
    stopAfter: duration("3d", "A webhook of events that has not answered 2xx for so long is stopped, and whoever answers for it is written to. Where webhooks may be called, whom they trust and how long they may take is said in `notifications`."),
    keep: duration("30d", "How long events, and what each webhook made of them, are kept and can be told again."),
  }).check((context) => {
    const { stopAfter, keep } = context.value
    if (keep < 2 * stopAfter) context.issues.push({ code: "custom", message: "is less than twice webhooks.stopAfter: events would be gone before anybody looks", input: context.value, path: ["keep"] })
  }),
  console: section({
    lookupsPerHour: count(600, "Certificates that one account may look up in an hour."),
    watch: list("Health addresses of roles that run in other containers, as `role=http://host:port/health`, shown on the status page."),
    sessionIdle: duration("30m", "A console session that was not used for so long is over."),
    sessionLife: duration("12h", "A console session is over after this, used or not."),
    maxConnections: count(1_000, "Open HTTPS connections, of browsers and programs together."),
    maxConnectionsPerAddress: count(150, "Open HTTPS connections from one client address, of IPv6 from one /64. An office behind one address, or a proxy in front, needs more."),
    requestsPerMinute: count(600, "Requests that one console session, or one network that is not signed in or looks up certificates, may make in a minute. 0: as many as it likes."),
    accountLicences: count(3_000, "Mailboxes that the province has licences for, shown on the dashboard."),
    holderLicences: count(4_228, "Holders that the province has licences for, likewise."),
    url: matching(/^https:\/\/[^/?#@\s]+$/, "is not of the form https://mail.tinh.example or https://mail.tinh.example:8443", "Where browsers reach the console: passkeys are bound to this name, and the identity provider sends people back to it. Empty: `hostname`, with the port `clients.https` or `listen.https`."),
    secondFactor: word(["automatic", "optional", "administrators", "everybody"], "automatic", "Who must sign in with a second factor, and adds one at the first sign-in without; everybody else may. `automatic`: administrators in production, otherwise nobody."),
    oidc: singleSignOn,
  }),
})

export type Config = z.infer<typeof configSchema>
