// Menus (<details class="menu">), the search key, printing, the menu page on phones.

const menus = () => document.querySelectorAll('details.menu[open]');

document.addEventListener('click', (event) => {
  for (const menu of menus()) if (!menu.contains(event.target)) menu.open = false;
  const print = event.target.closest('[data-print]');
  if (print) {
    event.preventDefault();
    window.print();
  }
  if (event.target.closest('[data-back]')) window.history.back();
});

// A link to the whole of what this page shows in parts ends in #print: it is printed once, and not on going back to it.
if (location.hash === '#print') {
  window.addEventListener('load', () => {
    window.history.replaceState(window.history.state, '', location.pathname + location.search);
    window.print();
  });
}

document.addEventListener('keydown', (event) => {
  if ((event.ctrlKey || event.metaKey) && !event.shiftKey && !event.altKey && event.key.toLowerCase() === 'k') {
    const box = document.getElementById('search');
    if (!box) return;
    event.preventDefault();
    box.focus();
    box.select();
  }
  if (event.key !== 'Escape') return;
  for (const menu of menus()) {
    menu.open = false;
    menu.querySelector('summary').focus();
  }
  if (location.hash === '#menu') location.hash = '#';
});

// A menu on which one moves with the arrow keys, like those of the desktop.
document.addEventListener('keydown', (event) => {
  if (event.key !== 'ArrowDown' && event.key !== 'ArrowUp') return;
  const menu = event.target.closest('details.menu[open]');
  if (!menu) return;
  const items = [...menu.querySelectorAll('.menu-item')];
  const step = event.key === 'ArrowDown' ? 1 : -1;
  const next = items[items.indexOf(document.activeElement) + step] || items[step > 0 ? 0 : items.length - 1];
  if (!next) return;
  event.preventDefault();
  next.focus();
});

// A long menu begins at its top on every page; bring the line of this page into sight, without moving the page itself.
const here = document.querySelector('.sidebar-item[aria-current]');
const scrolled = here && [here.closest('.sidebar-inner'), here.closest('.sidebar')].find((box) => box.scrollHeight > box.clientHeight + 1);
if (scrolled) {
  const below = here.getBoundingClientRect().bottom - scrolled.getBoundingClientRect().bottom;
  if (below > 0) scrolled.scrollTop += below + scrolled.clientHeight / 3;
}
