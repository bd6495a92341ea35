/** What all pages of the console share. Pure. Whatever is not ours goes through `escape`. */
export const pageStyle = `body{font:16px/1.5 system-ui,sans-serif;margin:0;background:#f4f5f7;color:#1c2430}main{max-width:60rem;margin:2rem auto;padding:0 1rem}
h1{margin:0}table{width:100%;border-collapse:collapse;background:#fff;margin:1rem 0;box-shadow:0 1px 3px #0002}th,td{text-align:left;padding:.6rem .8rem;border-bottom:1px solid #e3e6ea;vertical-align:top}
.up{color:#166534}.down{color:#b91c1c;font-weight:600}.state{padding:.8rem 1rem;border-left:6px solid;background:#fff}small{color:#5b6573}a{color:#1d4ed8}`

export const page = (title: string, refreshSeconds: number | null, body: string): string => `<!doctype html>
<html lang="vi"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">${refreshSeconds === null ? "" : `<meta http-equiv="refresh" content="${refreshSeconds}">`}
<title>${escape(title)}</title><link rel="stylesheet" href="/style.css"></head><body><main>
${body}
</main></body></html>
`

export const escape = (text: string): string => text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)

export const localTime = (ms: number): string => new Date(ms).toLocaleString("vi-VN", { timeZone: "Asia/Ho_Chi_Minh" })
