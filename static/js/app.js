// Starts the components a page uses. Every journey works without this file; it only makes them kinder.

import {
  Button,
  Checkboxes,
  createAll,
  ErrorSummary,
  ExitThisPage,
  NotificationBanner,
  PasswordInput,
  Radios,
  ServiceNavigation,
  SkipLink
} from 'govuk-frontend'

import { watchLanguageForms } from './keep.js'
import { startMenus } from './menu.js'
import { startPrintButtons } from './print.js'
import { startTimeout } from './timeout.js'
import { startSecurityKeys } from './webauthn.js'

const COMPONENTS = [
  Button,
  Checkboxes,
  ErrorSummary,
  ExitThisPage,
  NotificationBanner,
  PasswordInput,
  Radios,
  ServiceNavigation,
  SkipLink
]

function startComponents (scope) {
  for (const Component of COMPONENTS) createAll(Component, undefined, scope)
}

// htmx notes the address of the page for its history, which this site does not use. Addresses of case
// pages have no business in the storage of a shared computer.
function forgetAddress () {
  window.sessionStorage.removeItem('htmx-current-path-for-history')
}

forgetAddress()
window.addEventListener('pagehide', forgetAddress)
startComponents(document)
startMenus(document)
startPrintButtons(document)
startTimeout(document)
watchLanguageForms(document)
startSecurityKeys(document)

// What htmx swaps in brings its own components.
document.addEventListener('htmx:load', (event) => {
  if (event.target !== document.body) startComponents(event.target)
})
