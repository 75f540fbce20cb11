// List regions: a change of chip, filter, page or unit swaps the whole region [data-list], so counts never go stale.
import htmx from 'htmx.org';
import { say } from './ready.js';

let line = null;
let latest = 0; // the swap that counts: an earlier one is aborted (hx-sync on <body>)

function busy(on) {
  if (on && !line) {
    line = document.createElement('div');
    line.className = 'progress-line';
    document.body.append(line);
  } else if (!on && line) {
    line.remove();
    line = null;
  }
}

function regionOf(element) {
  const named = element.closest('[data-swap]');
  const selector = named && named.dataset.swap;
  return (selector && document.querySelector(selector)) || element.closest('[data-list]') || document.querySelector('[data-list]');
}

/** Fetch `url`, take the region (and the page's subtitle) out of the answer, put them in, and write the address bar;
 * `replace` makes no new entry in the history. */
export function swap(url, region, { replace = false } = {}) {
  const mine = ++latest;
  busy(true);
  region.setAttribute('aria-busy', 'true');
  return htmx.ajax('GET', url, {
    target: `#${region.id}`, select: `#${region.id}`, selectOOB: document.getElementById('subtitle') ? '#subtitle' : undefined,
    swap: 'outerMorph', [replace ? 'replace' : 'push']: 'true',
  }).finally(() => {
    if (mine !== latest) return;
    busy(false);
    const now = document.getElementById(region.id);
    if (now) now.removeAttribute('aria-busy');
  });
}

document.addEventListener('click', (event) => {
  if (event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  const link = event.target.closest('a[data-swap], [data-swap] a.tree-node, [data-swap] a.hit');
  const region = link && link.href && regionOf(link);
  if (!region || !region.id) return;
  event.preventDefault();
  swap(link.href, region);
});

function formUrl(form) {
  const url = new URL(form.action || location.href, location.href);
  url.search = '';
  for (const [name, value] of new FormData(form)) {
    if (typeof value === 'string' && value.trim() !== '') url.searchParams.append(name, value.trim());
  }
  return url.pathname + url.search;
}

function sendForm(form, how) {
  const region = regionOf(form);
  if (region && region.id) swap(formUrl(form), region, how);
  else form.submit();
}

document.addEventListener('submit', (event) => {
  const form = event.target;
  if (!form.matches('form[data-swap]') || form.method !== 'get') return;
  event.preventDefault();
  sendForm(form);
});

// A search box in a list answers while one types; not in the middle of a composed character.
let waiting = 0;
document.addEventListener('input', (event) => {
  const form = event.target.form;
  if (!form || !form.matches('form[data-swap]') || event.target.type !== 'search' || event.isComposing) return;
  clearTimeout(waiting);
  waiting = setTimeout(() => sendForm(form, { replace: true }), 400);
});
document.addEventListener('compositionend', (event) => {
  event.target.dispatchEvent(new Event('input', { bubbles: true }));
});
document.addEventListener('change', (event) => {
  const form = event.target.form;
  if (form && form.matches('form[data-swap][data-auto]') && event.target.type !== 'search') sendForm(form);
});

// An error page never lands inside a list: the page is opened instead (which also leads to sign-in).
document.addEventListener('htmx:response:error', (event) => {
  const ctx = event.detail.ctx;
  ctx.swap = 'none';
  if (ctx.request.method === 'GET' && !ctx.request.headers['X-Fragment']) location.assign(ctx.request.action);
  else say('没有办成，请稍后再试。', 'over');
});
document.addEventListener('htmx:error', (event) => {
  if (event.detail.error && event.detail.error.name === 'AbortError') return;
  say('网络不通，没有取到内容，请稍后再试。', 'warn');
});
