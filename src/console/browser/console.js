// What makes pages quicker to use; each of them works without it.
"use strict"

// The page's policy lets no text become markup, but for the parts of pages that htmx fetches, from this origin only. Nobody else gets hold of the policy; scripts in a part are refused.
htmx.registerExtension("congthu-fragments", {
  init({ initSecurity }) {
    if (globalThis.trustedTypes) initSecurity(trustedTypes.createPolicy("congthu-fragments", { createHTML: (text) => text }))
  },
})

const isTyping = (element) => element instanceof HTMLElement && (element.isContentEditable || ["INPUT", "TEXTAREA", "SELECT"].includes(element.tagName))

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return
  if (event.key === "/") {
    const search = document.querySelector("main input[type=search]")
    if (!search) return
    event.preventDefault()
    search.focus()
    search.select()
  } else if (event.key === "?") {
    const keys = document.getElementById("keys")
    if (keys && !keys.open) keys.showModal()
  }
})

// a second press while the first is under way would only be refused
document.addEventListener("submit", (event) => {
  const form = event.target
  if (!(form instanceof HTMLFormElement) || form.method === "dialog") return
  if (form.dataset.sent === "1") event.preventDefault()
  else form.dataset.sent = "1"
})
// back from another page by the browser's own button
window.addEventListener("pageshow", () => document.querySelectorAll("form[data-sent]").forEach((form) => delete form.dataset.sent))

// all rows of a page at once
document.querySelectorAll("[data-selects]").forEach((label) => {
  label.hidden = false
  label.addEventListener("change", ({ target }) => {
    document.querySelectorAll("input[type=checkbox][name=ids]").forEach((box) => {
      if (box.form?.id === label.dataset.selects) box.checked = target.checked
    })
  })
})

// shown once: into the clipboard at a press
document.addEventListener("click", async (event) => {
  const button = event.target instanceof Element ? event.target.closest("button[data-copy]") : null
  if (!button) return
  await navigator.clipboard.writeText(button.dataset.copy)
  button.textContent = button.dataset.copied
})

// the browser's own way to paper and to PDF
document.querySelectorAll("[data-print]").forEach((button) => {
  button.hidden = false
  button.addEventListener("click", () => window.print())
})

// figures that renew themselves, while somebody looks
const liveSource = document.querySelector("[data-live-source]")
if (liveSource) {
  let source
  const open = () => {
    source = new EventSource(liveSource.dataset.liveSource)
    source.addEventListener("figures", ({ data }) => {
      for (const [id, text] of Object.entries(JSON.parse(data))) {
        const place = document.querySelector(`[data-live="${CSS.escape(id)}"]`)
        if (place instanceof HTMLProgressElement) place.value = Number(text)
        else if (place && place.textContent !== text) place.textContent = text
      }
    })
    source.addEventListener("over", () => {
      close()
      location.reload()
    })
  }
  const close = () => {
    source?.close()
    source = undefined
  }
  document.addEventListener("visibilitychange", () => {
    close()
    if (document.visibilityState === "visible") open()
  })
  window.addEventListener("pagehide", close)
  if (document.visibilityState === "visible") open()
}

// a list that answers while one types: arrows move through it, Enter follows (the browser does), Escape goes back to typing
document.addEventListener("keydown", (event) => {
  const list = event.target instanceof Element ? event.target.closest("[data-arrows]") : null
  if (!list || !["ArrowDown", "ArrowUp", "Escape"].includes(event.key)) return
  const places = [list.querySelector("input[type=search]"), ...list.querySelectorAll(".hits a")]
  const at = places.indexOf(event.target)
  if (at < 0 || places.length === 1) return
  const next = event.key === "Escape" ? 0 : at + (event.key === "ArrowDown" ? 1 : -1)
  if (next < 0 || next >= places.length || next === at) return
  event.preventDefault()
  places[next].focus()
})

// a later answer takes no one off the hit they stand on: on the same again, or back to typing
let stoodOn = null
document.addEventListener("htmx:before:swap", () => (stoodOn = document.activeElement.closest("[data-arrows] .hits a")))
document.addEventListener("htmx:after:swap", () => {
  if (!stoodOn || stoodOn.isConnected) return
  const list = document.querySelector("[data-arrows]")
  const same = list.querySelector(`.hits a[href="${CSS.escape(stoodOn.getAttribute("href"))}"]`)
  const place = same ?? list.querySelector("input[type=search]")
  place.focus()
})
