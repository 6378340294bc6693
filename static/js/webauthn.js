// Security keys. The server writes its question into form[data-webauthn]; the browser asks the key; the
// key's answer goes back in the form's hidden field. Bytes travel as base64url, as in the standard.

function toBytes (text) {
  const base64 = text.replace(/-/g, '+').replace(/_/g, '/')
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0))
}

function toText (bytes) {
  const binary = String.fromCharCode(...new Uint8Array(bytes))
  return btoa(binary).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '')
}

function withBytes (descriptor) {
  return { ...descriptor, id: toBytes(descriptor.id) }
}

function question ({ publicKey }) {
  const asked = { ...publicKey, challenge: toBytes(publicKey.challenge) }
  if (asked.user) asked.user = withBytes(asked.user)
  for (const name of ['excludeCredentials', 'allowCredentials']) {
    if (asked[name]) asked[name] = asked[name].map(withBytes)
  }
  return { publicKey: asked }
}

function answer (credential) {
  const given = credential.response
  const response = { clientDataJSON: toText(given.clientDataJSON) }
  for (const name of ['attestationObject', 'authenticatorData', 'signature', 'userHandle']) {
    if (given[name]) response[name] = toText(given[name])
  }
  if (given.getTransports) response.transports = given.getTransports()
  return {
    id: credential.id,
    rawId: toText(credential.rawId),
    type: credential.type,
    authenticatorAttachment: credential.authenticatorAttachment,
    clientExtensionResults: credential.getClientExtensionResults(),
    response
  }
}

async function ask (form) {
  const options = question(JSON.parse(form.dataset.options))
  const isNew = form.dataset.webauthn === 'create'
  const credential = isNew
    ? await navigator.credentials.create(options)
    : await navigator.credentials.get(options)
  form.elements.credential.value = JSON.stringify(answer(credential))
  HTMLFormElement.prototype.submit.call(form)
}

export function startSecurityKeys (scope) {
  for (const form of scope.querySelectorAll('form[data-webauthn]')) {
    const problem = form.querySelector('[data-key-problem]')
    const say = () => {
      problem.hidden = false
      problem.focus()
    }
    form.querySelector('[data-key-start]').hidden = !window.PublicKeyCredential
    problem.hidden = Boolean(window.PublicKeyCredential)
    form.addEventListener('submit', (event) => {
      event.preventDefault()
      problem.hidden = true
      ask(form).catch(say)
    })
  }
}
