// The menus of the header are <details>: they open without scripts. With scripts they also close when
// the reader presses Escape, opens another, or goes elsewhere.

export function startMenus (scope) {
  const menus = [...scope.querySelectorAll('[data-module="concord-menu"]')]
  const closeOthers = (kept) => {
    for (const menu of menus) if (menu !== kept) menu.open = false
  }
  for (const menu of menus) {
    menu.addEventListener('toggle', () => { if (menu.open) closeOthers(menu) })
    menu.addEventListener('keydown', (event) => {
      if (event.key !== 'Escape' || !menu.open) return
      menu.open = false
      menu.querySelector('summary').focus()
    })
    menu.addEventListener('focusout', (event) => {
      if (event.relatedTarget && !menu.contains(event.relatedTarget)) menu.open = false
    })
  }
  scope.addEventListener('click', (event) => {
    if (!menus.some((menu) => menu.contains(event.target))) closeOthers(null)
  })
}
