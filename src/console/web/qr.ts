import { encodeQR } from "qr"
import { html } from "./html.ts"

/** A QR code (ISO/IEC 18004) as a drawing inside the page: black on white whatever the page's colours, since cameras want it so. */
export function qrCode(text: string, label: string) {
  const rows = encodeQR(text, "raw", { ecc: "medium", border: 4 })
  const path = rows.map((row, y) => row.map((dark, x) => (dark ? `M${x} ${y}h1v1h-1z` : "")).join("")).join("")
  return html`<svg class="qr" role="img" aria-label=${label} viewBox=${`0 0 ${rows.length} ${rows.length}`} shape-rendering="crispEdges">
    <rect width="100%" height="100%" fill="#fff" /><path d=${path} fill="#000" />
  </svg>`
}
