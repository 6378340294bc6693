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
import { showKeyErrors } from './webauthn.js'

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

startComponents(document)
startMenus(document)
startPrintButtons(document)
startTimeout(document)
watchLanguageForms(document)
showKeyErrors(document)

// What htmx swaps in brings its own components.
document.addEventListener('htmx:load', (event) => {
  if (event.target !== document.body) startComponents(event.target)
})
