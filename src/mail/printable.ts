/** Text that came from outside, fit for a terminal and for one line: what a terminal would obey is left out. */
// oxlint-disable-next-line no-control-regex -- exactly the characters that a terminal would obey
export const printable = (text: string): string => text.replace(/[\x00-\x1f\x7f-\x9f]/g, "")
