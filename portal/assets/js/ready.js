// Starts the parts when the page stands and again for what htmx has swapped in; loads further bundles on demand.
const nonce = document.currentScript ? document.currentScript.nonce : '';
const starters = [];
const loaded = new Set();

/** Call `start(root)` for the document and for every region that is swapped in later. */
export function onReady(start) {
  starters.push(start);
}

export function begin(root) {
  for (const start of starters) start(root);
}

/** Load the script at `url` once; the nonce is that of this script, so the content security policy lets it run. */
export function load(url) {
  if (!url || loaded.has(url)) return;
  loaded.add(url);
  const script = document.createElement('script');
  script.nonce = nonce;
  script.src = url;
  document.head.append(script);
}

/** Show a short message that a screen reader announces. */
export function say(text, tone = 'warn') {
  const region = document.getElementById('toasts');
  if (!region) return;
  const box = document.createElement('div');
  box.className = `flash flash-${tone}`;
  box.textContent = text;
  region.replaceChildren(box);
  setTimeout(() => box.remove(), 8000);
}

onReady((root) => {
  for (const part of root.querySelectorAll('[data-bundle]')) load(part.dataset.bundle);
  document.dispatchEvent(new CustomEvent('portal:ready', { detail: root }));
});

if (document.readyState === 'complete') begin(document);
else document.addEventListener('DOMContentLoaded', () => begin(document));
document.addEventListener('htmx:after:swap', (event) => {
  const ctx = event.detail && event.detail.ctx;
  begin((ctx && ctx.target && ctx.target.isConnected && ctx.target.parentNode) || document);
});
