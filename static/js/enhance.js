// Runs before anything is drawn: tells the stylesheet and the components that scripts are on.
document.body.classList.add('js-enabled')
if ('noModule' in HTMLScriptElement.prototype) {
  document.body.classList.add('govuk-frontend-supported')
}
