// The search: "/" goes to it, arrows move among what was found, and a number of a person goes into no address.
import { onReady } from './ready.js';


const typing = (element) => element.closest('input, textarea, select, [contenteditable]');

document.addEventListener('keydown', (event) => {
  if (event.key !== '/' || event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
  const box = document.getElementById('q-page') || document.getElementById('search');
  if (!box || !box.offsetParent) return;
  event.preventDefault();
  box.focus();
  box.select();
});

document.addEventListener('keydown', (event) => {
  if ((event.key !== 'ArrowDown' && event.key !== 'ArrowUp') || event.ctrlKey || event.metaKey || event.altKey) return;
  const here = document.activeElement;
  const hits = [...document.querySelectorAll('[data-hits] a')];
  const at = hits.indexOf(here);
  if (!hits.length || (at < 0 && here.id !== 'q-page')) return;
  event.preventDefault();
  const next = at + (event.key === 'ArrowDown' ? 1 : -1);
  if (next < 0) document.getElementById('q-page').focus();
  else if (hits[next]) hits[next].focus();
});

const personal = /^(1[3-9]\d{9}|\d{15}|\d{17}[\dXx])$/;

document.addEventListener('submit', (event) => {
  const box = event.target.matches('form[action="/search"]') && event.target.querySelector('[name="q"]');
  if (!box || !personal.test(box.value.normalize('NFKC').replace(/[\s-]/g, ''))) return;
  event.preventDefault();
  const number = document.getElementById('number');
  if (number) {
    number.value = box.value;
    box.value = '';
    number.focus();
  } else {
    location.assign('/search#number');
  }
});

onReady((root) => {
  const number = location.hash === '#number' && root.querySelector('#number');
  if (number) number.focus();
});
