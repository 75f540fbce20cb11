// Long lists (<select data-combobox>): typing filters, also by the pinyin initials in data-initials of an option.
import TomSelect from 'tom-select/base';

function start(select) {
  // A list region is swapped while one works in it; there the plain select is steadier.
  if (select.tomselect || select.closest('[data-list]')) return;
  const combo = new TomSelect(select, {
    maxOptions: 200, openOnFocus: true, searchField: ['text', 'initials'], allowEmptyOption: true, highlight: false, refreshThrottle: 80,
    render: { no_results: () => '<div class="no-results">没有符合的选项</div>' },
  });
  select.setAttribute('aria-hidden', 'true'); // the label now belongs to the input
  const about = select.getAttribute('aria-describedby');
  if (about) combo.control_input.setAttribute('aria-describedby', about);
}

function startAll() {
  for (const select of document.querySelectorAll('select[data-combobox]')) start(select);
}

document.addEventListener('portal:ready', startAll);
startAll();
