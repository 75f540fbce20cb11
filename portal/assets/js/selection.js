// Rows that are chosen: the box in the head, the bar with what can be done to all of them.

function refresh(region) {
  const boxes = [...region.querySelectorAll('tbody .c-check input[type="checkbox"]')];
  const chosen = boxes.filter((box) => box.checked);
  for (const box of boxes) box.closest('tr').classList.toggle('selected', box.checked);
  const all = region.querySelector('[data-select-all]');
  if (all) {
    all.checked = chosen.length > 0 && chosen.length === boxes.length;
    all.indeterminate = chosen.length > 0 && chosen.length < boxes.length;
  }
  const bar = region.querySelector('.selection-bar');
  if (!bar) return;
  bar.hidden = chosen.length === 0;
  const words = bar.querySelector('strong');
  if (words) words.textContent = `已选 ${chosen.length} 件`;
}

document.addEventListener('change', (event) => {
  const region = event.target.closest('[data-list]');
  if (!region || event.target.type !== 'checkbox') return;
  if (event.target.matches('[data-select-all]')) {
    for (const box of region.querySelectorAll('tbody .c-check input')) box.checked = event.target.checked;
  }
  refresh(region);
});

document.addEventListener('click', (event) => {
  const clear = event.target.closest('[data-select-none]');
  const region = clear && clear.closest('[data-list]');
  if (!region) return;
  for (const box of region.querySelectorAll('.c-check input')) box.checked = false;
  refresh(region);
});
