/** The mailboxes every new account begins with (RFC 6154 §2), in English or with Vietnamese names. */
export interface DefaultMailbox {
  readonly name: string
  readonly specialUse: "\\Drafts" | "\\Sent" | "\\Junk" | "\\Trash" | "\\Archive" | null
}

const english: readonly DefaultMailbox[] = [
  { name: "INBOX", specialUse: null },
  { name: "Drafts", specialUse: "\\Drafts" },
  { name: "Sent", specialUse: "\\Sent" },
  { name: "Junk", specialUse: "\\Junk" },
  { name: "Trash", specialUse: "\\Trash" },
  { name: "Archive", specialUse: "\\Archive" },
]

const vietnamese: readonly DefaultMailbox[] = [
  { name: "INBOX", specialUse: null },
  { name: "Thư nháp", specialUse: "\\Drafts" },
  { name: "Thư đã gửi", specialUse: "\\Sent" },
  { name: "Thư rác", specialUse: "\\Junk" },
  { name: "Thùng rác", specialUse: "\\Trash" },
  { name: "Lưu trữ", specialUse: "\\Archive" },
]

export const defaultMailboxes = (vietnameseNames: boolean): readonly DefaultMailbox[] => (vietnameseNames ? vietnamese : english)
