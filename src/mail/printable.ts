/** Text that came from outside, fit for a terminal and for one line: what a terminal would obey is left out, and what turns the order of letters about (Unicode UAX #9). */
export const printable = (text: string): string => text.replace(unprintable, "")

/** Whether there is anything in a text of one line that `printable` takes away. */
export const isPrintable = (text: string): boolean => text.search(unprintable) < 0

// oxlint-disable-next-line no-control-regex -- exactly the characters that a terminal would obey
const unprintable = /[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g
