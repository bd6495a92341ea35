// Forms that a passkey answers (WebAuthn): what the browser says goes into a hidden field, and the form goes its usual way.
"use strict"

for (const box of document.querySelectorAll("[data-passkey]")) {
  const form = box.querySelector("form")
  const answer = form.elements.namedItem("_passkey")
  const told = form.querySelector("[role=alert]")
  const said = JSON.parse(box.dataset.said)
  const tell = (text) => {
    told.textContent = text
    told.hidden = text === ""
  }
  form.addEventListener("submit", async (event) => {
    if (answer.value !== "") return
    event.preventDefault()
    // nothing has been sent yet, see console.js
    event.stopPropagation()
    tell("")
    const { browserSupportsWebAuthn, startAuthentication, startRegistration } = globalThis.SimpleWebAuthnBrowser
    const { domain } = box.dataset
    if (location.hostname !== domain && !location.hostname.endsWith(`.${domain}`)) return tell(said.elsewhere)
    if (!browserSupportsWebAuthn()) return tell(said.unsupported)
    const optionsJSON = JSON.parse(box.dataset.options)
    try {
      const credential = await (box.dataset.passkey === "create" ? startRegistration({ optionsJSON }) : startAuthentication({ optionsJSON }))
      answer.value = JSON.stringify(credential)
    } catch (error) {
      // an authenticator that has one of these already says so by this name
      return tell(error instanceof Error && (error.name === "InvalidStateError" || error.code === "ERROR_AUTHENTICATOR_PREVIOUSLY_REGISTERED") ? said.known : said.cancelled)
    }
    form.requestSubmit()
  })
}
// back from another page by the browser's own button: that answer is spent
window.addEventListener("pageshow", () => document.querySelectorAll("[name=_passkey]").forEach((field) => (field.value = "")))
