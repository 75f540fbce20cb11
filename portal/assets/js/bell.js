// The bell: a page that stays open asks every few minutes what came, while somebody looks at it, and not otherwise.
import htmx from 'htmx.org';

const EVERY = 180000;
let last = Date.now();

function ask() {
  const bell = document.getElementById('bell');
  if (!bell || !bell.dataset.bell || document.visibilityState !== 'visible' || Date.now() - last < EVERY) return;
  last = Date.now();
  // Not through the page's queue of swaps: a list that is just being filtered must not be aborted by this.
  htmx.ajax('GET', bell.dataset.bell, { source: bell, target: '#bell', swap: 'outerHTML' }).catch(() => {});
}

setInterval(ask, 15000);
document.addEventListener('visibilitychange', ask);
