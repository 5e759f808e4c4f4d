/**
 * What the page runs: it takes the parts that the server sends, changes what differs in them, says how long ago the run
 * was heard, and says so where the server is gone. A browser connects again by itself; where it has given up, this does.
 * How long ago something was is told by the server's clock, which the server tells again and again: the browser's may be
 * wrong, and what it counts by may stand still while the machine sleeps.
 */
export const script = `"use strict";
(() => {
  const root = document.documentElement
  const gone = document.getElementById("gone")
  const patch = (old, now) => {
    if (old.isEqualNode(now)) return
    const isAlike = old.nodeName === now.nodeName && old.nodeType === 1 && old.namespaceURI === now.namespaceURI &&
      old.nodeName !== "svg" && old.childNodes.length === now.childNodes.length && now.childNodes.length > 0
    if (!isAlike) return old.replaceWith(now)
    for (const { name } of [...old.attributes]) if (!now.hasAttribute(name)) old.removeAttribute(name)
    for (const { name, value } of now.attributes) if (old.getAttribute(name) !== value) old.setAttribute(name, value)
    const news = [...now.childNodes]
    for (const [i, child] of [...old.childNodes].entries()) patch(child, news[i])
  }
  const put = ({ html, id }) => {
    const slot = document.getElementById("part-" + id)
    if (slot === null) return
    const now = slot.cloneNode(false)
    now.innerHTML = html
    if (slot.childNodes.length === 0 || now.childNodes.length === 0) slot.replaceChildren(...now.childNodes)
    else patch(slot, now)
  }
  const two = (value) => String(value).padStart(2, "0")
  const ago = (milliseconds) => {
    const seconds = Math.max(0, Math.round(milliseconds / 1000))
    if (seconds < 60) return seconds + " s ago"
    if (seconds < 3600) return Math.floor(seconds / 60) + ":" + two(seconds % 60) + " min ago"
    if (seconds < 172800) return Math.floor(seconds / 3600) + ":" + two(Math.floor(seconds / 60) % 60) + " h ago"
    return Math.floor(seconds / 86400) + " days ago"
  }
  let server = Number(root.dataset.now)
  let heard = performance.now()
  const now = () => server + performance.now() - heard
  const tell = () => {
    for (const time of document.querySelectorAll("time[data-since]")) {
      const text = ago(now() - Number(time.dataset.since))
      if (time.textContent !== text) time.textContent = text
    }
    const named = document.querySelector("[data-title]")
    if (named !== null && document.title !== named.dataset.title) document.title = named.dataset.title
  }
  const listen = (since) => {
    const source = new EventSource("/events?since=" + encodeURIComponent(since))
    source.addEventListener("open", () => { gone.hidden = true })
    source.addEventListener("now", ({ data }) => { server = Number(data); heard = performance.now(); tell() })
    source.addEventListener("page", ({ data }) => { if (data !== root.dataset.page) location.reload() })
    source.addEventListener("part", ({ data }) => { put(JSON.parse(data)); tell() })
    source.addEventListener("error", () => {
      gone.hidden = false
      if (source.readyState === EventSource.CLOSED) setTimeout(() => listen(""), 5000)
    })
  }
  tell()
  setInterval(tell, 1000)
  listen(root.dataset.since)
})()
`
