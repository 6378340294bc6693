// Buttons that print the page stay hidden where there are no scripts to answer them.

export function startPrintButtons (scope) {
  for (const button of scope.querySelectorAll('button[data-print]')) {
    button.hidden = false
    button.addEventListener('click', () => window.print())
  }
}
