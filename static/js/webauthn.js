// When a security key does not answer, allauth's script raises "allauth.error". This shows it in words,
// and says so beforehand where the browser knows no security keys.

export function showKeyErrors (scope) {
  const message = scope.querySelector('[data-key-error]')
  if (!message) return
  const show = () => {
    message.hidden = false
    message.focus()
  }
  scope.addEventListener('allauth.error', (event) => {
    event.preventDefault()
    show()
  })
  if (!window.PublicKeyCredential) show()
}
