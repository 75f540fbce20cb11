// The tree of units (macros/tree.html): roles, arrow keys, typing goes to the search, children fetched when a node opens.
import { onReady } from './ready.js';

const cache = new Map();
const wide = window.matchMedia('(min-width: 1100px)');

export async function fragment(url) {
  if (!cache.has(url)) {
    const answer = await fetch(url, { headers: { 'HX-Request': 'true', Accept: 'text/html' }, credentials: 'same-origin' });
    if (answer.status === 401) location.reload();
    if (!answer.ok) throw new Error(String(answer.status));
    cache.set(url, await answer.text());
  }
  return cache.get(url);
}

const nodes = (tree) => [...tree.querySelectorAll('.tree-node')].filter((node) => !node.closest('ul[hidden]'));
const groupOf = (node) => node.parentNode.querySelector(':scope > ul');

/** Give the list below `tree` its roles and make one node reachable by Tab. */
export function dress(tree) {
  tree.setAttribute('role', 'tree');
  for (const item of tree.querySelectorAll('li')) item.setAttribute('role', 'none');
  for (const group of tree.querySelectorAll('ul')) group.setAttribute('role', 'group');
  for (const node of tree.querySelectorAll('.tree-node')) {
    node.setAttribute('role', 'treeitem');
    node.tabIndex = -1;
    if (tree.dataset.url && !node.getAttribute('href')) node.href = tree.dataset.url.replace('{id}', node.dataset.id);
  }
  const first = tree.querySelector('[aria-current], [aria-selected="true"]') || tree.querySelector('.tree-node');
  if (first) first.tabIndex = 0;
}

function focusOn(tree, node) {
  if (!node) return;
  for (const other of tree.querySelectorAll('.tree-node[tabindex="0"]')) other.tabIndex = -1;
  node.tabIndex = 0;
  node.focus();
}

async function open(tree, node) {
  let group = groupOf(node);
  if (!group) {
    node.setAttribute('aria-busy', 'true');
    group = document.createElement('ul');
    try {
      group.innerHTML = await fragment(tree.dataset.children + node.dataset.id);
    } catch {
      group.innerHTML = '<li class="tree-note">没有取到下级，请稍后再试。</li>';
      setTimeout(() => { group.remove(); node.setAttribute('aria-expanded', 'false'); }, 4000);
    }
    node.removeAttribute('aria-busy');
    node.after(group);
    dress(tree);
    node.tabIndex = 0;
  }
  group.hidden = false;
  node.setAttribute('aria-expanded', 'true');
}

function close(node) {
  const group = groupOf(node);
  if (group) group.hidden = true;
  node.setAttribute('aria-expanded', 'false');
}

const toggle = (tree, node) => (node.getAttribute('aria-expanded') === 'true' ? close(node) : open(tree, node));

function mark(tree, node) {
  const name = tree.dataset.pick !== undefined ? 'aria-selected' : 'aria-current';
  for (const other of tree.parentNode.querySelectorAll(`.tree-node[${name}]`)) other.removeAttribute(name);
  node.setAttribute(name, 'true');
}

function onClick(event) {
  const tree = event.currentTarget;
  const node = event.target.closest('.tree-node');
  if (!node) return;
  if (event.target.closest('.tree-toggle') && node.hasAttribute('aria-expanded')) {
    event.preventDefault();
    event.stopPropagation();
    toggle(tree, node);
    focusOn(tree, node);
    return;
  }
  mark(tree, node);
  focusOn(tree, node);
  foldAway(node);
  if (tree.dataset.pick !== undefined) {
    event.preventDefault();
    tree.dispatchEvent(new CustomEvent('portal:pick', { bubbles: true, detail: { id: node.dataset.id, name: node.dataset.path || node.dataset.name } }));
  }
}

// Names are Chinese and children may not be there yet: what is typed on a node goes to the search box.
function typeToFind(tree, key) {
  const input = tree.closest('.tree-body, .unit-popup').querySelector('[data-find] input');
  if (!input) return;
  input.value = key;
  input.focus();
  input.dispatchEvent(new Event('input', { bubbles: true }));
}

/** On narrow screens the tree lies in a fold: say what was chosen, and close it. */
function foldAway(element) {
  const fold = element.closest('.tree-fold');
  const name = element.querySelector('.tree-name') || element.firstChild;
  if (!fold) return;
  fold.querySelector('summary span').textContent = name.textContent.trim();
  if (!wide.matches) fold.open = false;
}

function onKey(event) {
  const tree = event.currentTarget;
  const node = event.target.closest('.tree-node');
  if (!node || event.ctrlKey || event.metaKey || event.altKey) return;
  const all = nodes(tree);
  const at = all.indexOf(node);
  const expanded = node.getAttribute('aria-expanded');
  const parent = node.parentNode.parentNode.previousElementSibling;
  const actions = {
    ArrowDown: () => focusOn(tree, all[at + 1]),
    ArrowUp: () => focusOn(tree, all[at - 1]),
    Home: () => focusOn(tree, all[0]),
    End: () => focusOn(tree, all[all.length - 1]),
    ArrowRight: () => (expanded === 'false' ? open(tree, node) : expanded === 'true' && focusOn(tree, all[at + 1])),
    ArrowLeft: () => (expanded === 'true' ? close(node) : parent && parent.matches('.tree-node') && focusOn(tree, parent)),
    Enter: () => node.click(),
    ' ': () => node.click(),
  };
  if (actions[event.key]) {
    event.preventDefault();
    actions[event.key]();
  } else if (event.key.length === 1) {
    event.preventDefault();
    typeToFind(tree, event.key);
  }
}

/** Search box above a tree: hits replace the tree while something is typed. */
function wireFind(box) {
  const input = box.querySelector('input');
  const tree = box.parentNode.querySelector('.tree');
  const list = box.parentNode.querySelector('.hits');
  let timer = 0;
  const find = async () => {
    const words = input.value.trim();
    list.hidden = !words;
    tree.hidden = Boolean(words);
    if (!words) return;
    try {
      list.innerHTML = await fragment(`${box.dataset.find}?q=${encodeURIComponent(words)}`);
    } catch {
      list.innerHTML = '<li class="tree-note">没有查到结果，请稍后再试。</li>';
    }
    for (const hit of list.querySelectorAll('.hit')) {
      hit.tabIndex = 0;
      if (tree.dataset.url && !hit.getAttribute('href')) hit.href = tree.dataset.url.replace('{id}', hit.dataset.id);
    }
  };
  const later = (event) => {
    if (event.isComposing) return;
    clearTimeout(timer);
    timer = setTimeout(find, 250);
  };
  input.addEventListener('input', later);
  input.addEventListener('compositionend', later);
  input.addEventListener('keydown', (event) => {
    if (event.key === 'Enter') event.preventDefault();
    const hits = list.querySelectorAll('.hit');
    if (event.key === 'ArrowDown') {
      event.preventDefault();
      if (!list.hidden && hits[0]) hits[0].focus();
      else focusOn(tree, nodes(tree)[0]);
    }
    if (event.key === 'Enter' && hits.length === 1) hits[0].click();
  });
  list.addEventListener('keydown', (event) => {
    const hit = event.target.closest('.hit');
    const item = hit && hit.parentNode;
    const next = { ArrowDown: item && item.nextElementSibling, ArrowUp: item && item.previousElementSibling }[event.key];
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      event.preventDefault();
      (next ? next.querySelector('.hit') : input).focus();
    }
    if (event.key === 'Enter' && hit) { event.preventDefault(); hit.click(); }
  });
  list.addEventListener('click', (event) => {
    const hit = event.target.closest('.hit');
    if (hit) foldAway(hit);
    if (!hit || tree.dataset.pick === undefined) return;
    event.preventDefault();
    tree.dispatchEvent(new CustomEvent('portal:pick', { bubbles: true, detail: { id: hit.dataset.id, name: [hit.dataset.path, hit.dataset.name].filter(Boolean).join(' / ') } }));
  });
}

onReady((root) => {
  for (const tree of root.querySelectorAll('.tree')) {
    if (tree.dataset.wired) continue;
    tree.dataset.wired = 'yes';
    dress(tree);
    tree.addEventListener('click', onClick);
    tree.addEventListener('keydown', onKey);
  }
  for (const all of root.querySelectorAll('.tree-all')) {
    if (all.dataset.wired) continue;
    all.dataset.wired = 'yes';
    all.addEventListener('click', () => {
      mark(all.parentNode.querySelector('.tree'), all);
      foldAway(all);
    });
  }
  for (const box of root.querySelectorAll('[data-find]')) {
    if (box.dataset.wired) continue;
    box.dataset.wired = 'yes';
    wireFind(box);
  }
  // On wide screens the fold around the tree is always open.
  for (const fold of root.querySelectorAll('.tree-fold')) if (wide.matches) fold.open = true;
});
