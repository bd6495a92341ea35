import type { RequestHandler } from "express"

/** The one policy that makes markup of text (Trusted Types): for parts of pages that htmx has fetched from here. Its name is in browser/console.js, too. */
const fragmentPolicy = "congthu-fragments"

/**
 * What browsers are told about every page of the console: nothing from elsewhere, no script or style inside a page, no frame around it, kept by no cache, and no text
 * that a script would make markup or a script of (W3C Trusted Types §4.2).
 * Styles that charts set from scripts are not inline styles in the sense of CSP (CSP Level 3 §6.7.3.1).
 */
const policy = [
  "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self' data:", "connect-src 'self'", "form-action 'self'", "frame-ancestors 'none'", "base-uri 'none'",
  `require-trusted-types-for 'script'`, `trusted-types ${fragmentPolicy}`,
].join("; ")

export const securityHeaders: RequestHandler = (_request, response, next) => {
  response.set({
    "content-security-policy": policy,
    "cache-control": "no-store",
    "referrer-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
  })
  next()
}
