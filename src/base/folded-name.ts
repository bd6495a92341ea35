/** "Nguyễn Văn Đạt" → "Nguyen Van Dat": how a name is typed on a keyboard without Vietnamese. "đ" has no decomposition, so it is named. */
export const withoutDiacritics = (text: string): string => text.normalize("NFD").replace(/\p{Mn}/gu, "").replaceAll("đ", "d").replaceAll("Đ", "D").normalize("NFC")
