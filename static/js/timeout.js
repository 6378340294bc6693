// Warns before the server signs a person out, and saves what is typed before it happens. The server
// decides when a session is over; this file only counts along. Nothing is kept in the browser.

import { keepForms, csrfToken } from './keep.js'

const TICK = 1000
const CHANNEL = 'concord-session'

class Timeout {
  constructor (dialog) {
    const { idleSeconds, warnSeconds, absoluteAt, now, keepaliveUrl, keepUrl } = dialog.dataset
    this.dialog = dialog
    this.idle = Number(idleSeconds) * 1000
    this.warn = Number(warnSeconds) * 1000
    this.keepaliveUrl = keepaliveUrl
    this.keepUrl = keepUrl
    this.remaining = dialog.querySelector('[data-remaining]')
    // Counted from the server's own clock, so that a wrong clock here does no harm.
    this.absoluteEnd = absoluteAt ? Date.now() + (Number(absoluteAt) - Number(now)) * 1000 : Infinity
    this.tabs = 'BroadcastChannel' in window ? new BroadcastChannel(CHANNEL) : null
    this.isOver = false
    this.restart()
  }

  start () {
    this.tabs?.postMessage('alive')
    this.tabs?.addEventListener('message', () => { this.restart() })
    document.addEventListener('htmx:afterRequest', () => this.answered())
    document.addEventListener('visibilitychange', () => this.tick())
    this.dialog.addEventListener('cancel', (event) => {
      event.preventDefault()
      this.stay()
    })
    this.dialog.querySelector('[data-stay]').addEventListener('submit', (event) => {
      event.preventDefault()
      this.stay()
    })
    window.setInterval(() => this.tick(), TICK)
  }

  // The server has just answered, here or in another tab: the idle clock starts again.
  restart () {
    this.idleEnd = Date.now() + this.idle
    this.hasWarned = false
    if (this.dialog.open) this.dialog.close()
  }

  answered () {
    this.restart()
    this.tabs?.postMessage('alive')
  }

  tick () {
    if (this.isOver) return
    const left = Math.min(this.idleEnd, this.absoluteEnd) - Date.now()
    if (left <= 0) this.end()
    else if (left <= this.warn) this.showWarning(left)
  }

  showWarning (left) {
    const seconds = Math.ceil(left / 1000)
    const isMinutes = seconds > 60
    const { textMinutes, textSeconds } = this.dialog.dataset
    this.remaining.textContent = isMinutes ? `${Math.ceil(seconds / 60)} ${textMinutes}` : `${seconds} ${textSeconds}`
    if (this.hasWarned) return
    this.hasWarned = true
    // The server's seconds are whole: two ends that close together are one.
    const isLast = this.absoluteEnd - this.idleEnd < 2 * TICK
    this.dialog.querySelector('[data-last-call]').hidden = !isLast
    this.dialog.querySelector('[data-stay]').hidden = isLast
    this.dialog.showModal()
    keepForms(document, this.keepUrl)
  }

  async stay () {
    const response = await fetch(this.keepaliveUrl, {
      method: 'POST',
      headers: { 'X-CSRFToken': csrfToken(document) },
      credentials: 'same-origin'
    }).catch(() => null)
    if (response?.ok && !response.redirected) this.answered()
    else this.end()
  }

  // The page leaves the screen, what was typed since the warning is kept, and the session ends here
  // and now: keeping counts as activity, so waiting for the server would let it live on.
  async end () {
    this.isOver = true
    this.tabs?.close()
    document.getElementById('main-content').hidden = true
    await keepForms(document, this.keepUrl)
    const leave = this.dialog.querySelector('[data-leave]')
    // Not followed: the page this leads to would use up the message that the next one is to show.
    const post = { method: 'POST', body: new FormData(leave), credentials: 'same-origin', redirect: 'manual' }
    await fetch(leave.action, post).catch(() => null)
    window.location.replace(window.location.pathname)
  }
}

export function startTimeout (scope) {
  const dialog = scope.querySelector('[data-module="concord-timeout"]')
  if (dialog?.showModal) new Timeout(dialog).start()
}
