// The unit field (macros/tree.html, picker): a button that opens the tree. Without this script a <select> stands there.
import { onReady } from './ready.js';
import { dress, fragment } from './tree.js';

async function fill(picker, tree) {
  if (tree.querySelector('.tree-node')) return;
  try {
    tree.innerHTML = await fragment(picker.dataset.children + (picker.dataset.root || ''));
  } catch {
    tree.innerHTML = '<li class="tree-note">没有取到单位，请稍后再试。</li>';
  }
  dress(tree);
}

function start(picker) {
  const input = picker.querySelector('input[type="hidden"]');
  const button = picker.querySelector('.unit-button');
  const label = button.querySelector('span');
  const popup = picker.querySelector('.unit-popup');
  const tree = popup.querySelector('.tree');
  const find = popup.querySelector('input');
  input.disabled = false;
  button.hidden = false;

  const show = async (on) => {
    popup.hidden = !on;
    button.setAttribute('aria-expanded', String(on));
    if (!on) return;
    await fill(picker, tree);
    find.focus();
  };
  button.addEventListener('click', () => show(popup.hidden));
  picker.addEventListener('portal:pick', (event) => {
    input.value = event.detail.id;
    label.textContent = event.detail.name;
    label.classList.remove('unset');
    input.dispatchEvent(new Event('input', { bubbles: true }));
    input.dispatchEvent(new Event('change', { bubbles: true }));
    show(false);
    button.focus();
  });
  picker.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape' || popup.hidden) return;
    event.stopPropagation();
    show(false);
    button.focus();
  });
  document.addEventListener('click', (event) => {
    if (!popup.hidden && !picker.contains(event.target)) show(false);
  });
}

onReady((root) => {
  for (const picker of root.querySelectorAll('[data-picker]')) {
    if (picker.dataset.wired) continue;
    picker.dataset.wired = 'yes';
    start(picker);
  }
});
