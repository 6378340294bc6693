// Keeps what is typed: each changed form[data-keep] is posted to the server, which seals it for its
// author. Nothing is written into the browser: computers are shared, and browsers are searched.

const NEVER_KEPT = new Set(['csrfmiddlewaretoken', '_path'])

function answers (form) {
  const fields = new URLSearchParams()
  for (const [name, value] of new FormData(form)) {
    const isPassword = [...form.elements].some((input) => input.name === name && input.type === 'password')
    if (typeof value === 'string' && !isPassword && !NEVER_KEPT.has(name)) fields.append(name, value)
  }
  return fields
}

const asLoaded = new WeakMap()

// Remembers how each form stood when the page came, so that untouched ones are not kept.
export function rememberForms (scope) {
  for (const form of scope.querySelectorAll('form[data-keep]')) asLoaded.set(form, answers(form).toString())
}

export function csrfToken (scope) {
  return scope.querySelector('input[name="csrfmiddlewaretoken"]')?.value ?? ''
}

// Posts every changed form. Answers with true when the server has taken all of them.
export async function keepForms (scope, url) {
  const changed = [...scope.querySelectorAll('form[data-keep]')]
    .filter((form) => answers(form).toString() !== asLoaded.get(form))
  const posts = changed.map(async (form) => {
    const body = answers(form)
    body.append('_path', window.location.pathname)
    const response = await fetch(url, {
      method: 'POST',
      body,
      headers: { 'X-CSRFToken': csrfToken(scope) },
      credentials: 'same-origin',
      keepalive: true
    })
    return response.ok
  })
  for (const form of changed) asLoaded.set(form, answers(form).toString())
  const results = await Promise.allSettled(posts)
  return results.every((result) => result.status === 'fulfilled' && result.value)
}

// Changing the language reloads the page: what was typed goes to the server first.
export function watchLanguageForms (scope) {
  rememberForms(scope)
  const url = scope.querySelector('[data-keep-url]')?.dataset.keepUrl
  if (!url) return
  for (const form of scope.querySelectorAll('form[data-keeps-forms]')) {
    form.addEventListener('submit', async (event) => {
      event.preventDefault()
      const button = event.submitter
      await keepForms(scope, url)
      const chosen = document.createElement('input')
      chosen.type = 'hidden'
      chosen.name = button.name
      chosen.value = button.value
      form.append(chosen)
      form.submit()
    })
  }
}
