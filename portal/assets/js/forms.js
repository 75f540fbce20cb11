// Forms: one submission a click, a warning before unsaved text is lost, errors first, counts, phrases, file names.
import { onReady } from './ready.js';

const changed = new Set();

onReady((root) => {
  const summary = root.querySelector('.error-summary');
  if (summary) {
    summary.focus();
    // Shown again with errors: what stands in the fields is not saved yet.
    for (const form of root.querySelectorAll('form[data-unsaved]')) changed.add(form);
  }
  for (const area of root.querySelectorAll('textarea[data-longest]')) count(area);
});

// --- a question first, on forms with data-confirm; without a script the form is simply sent
document.addEventListener('submit', (event) => {
  const form = event.target;
  if (!form.dataset.confirm || form.dataset.confirmed) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  ask(form, event.submitter);
}, true);

function ask(form, button) {
  const box = document.createElement('dialog');
  box.className = 'confirm';
  box.setAttribute('aria-labelledby', 'confirm-words');
  box.innerHTML = '<p id="confirm-words"></p><div class="buttons"><button class="btn" type="button" value="no">取消</button><button class="btn btn-danger" type="button" value="yes"></button></div>';
  box.querySelector('p').textContent = form.dataset.confirm;
  box.querySelector('[value="yes"]').textContent = form.dataset.verb || (button && button.textContent.trim()) || '确定';
  box.addEventListener('click', (event) => {
    const chosen = event.target.closest('button');
    if (chosen) box.close(chosen.value);
  });
  box.addEventListener('close', () => {
    box.remove();
    if (button) button.focus();
    if (box.returnValue !== 'yes') return;
    form.dataset.confirmed = 'yes';
    form.requestSubmit(button || undefined);
  });
  document.body.append(box);
  box.showModal();
}

// --- once
document.addEventListener('submit', (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.method !== 'post' || form.dataset.repeat !== undefined) return;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = 'yes';
  changed.delete(form);
  const button = event.submitter;
  // Not disabled before the browser has read it: a disabled button is not sent.
  setTimeout(() => {
    if (button && !form.target) button.classList.add('busy');
  });
});
window.addEventListener('pageshow', () => {
  for (const form of document.querySelectorAll('form[data-sent], form[data-confirmed]')) {
    delete form.dataset.sent;
    delete form.dataset.confirmed;
  }
  for (const button of document.querySelectorAll('.btn.busy')) button.classList.remove('busy');
});

// --- unsaved
document.addEventListener('input', (event) => {
  const form = event.target.form;
  if (form && form.matches('form[data-unsaved]')) changed.add(form);
  if (event.target.matches('textarea[data-longest]')) count(event.target);
});
window.addEventListener('beforeunload', (event) => {
  if (![...changed].some((form) => form.isConnected)) return;
  event.preventDefault();
  event.returnValue = '';
});

// --- counts
function count(area) {
  const box = document.getElementById(`${area.id}-count`);
  if (!box) return;
  const length = [...area.value.trim()].length;
  const longest = Number(area.dataset.longest);
  box.textContent = `${length} / ${longest} 字`;
  box.classList.toggle('over', length > longest);
}

document.addEventListener('click', (event) => {
  const phrase = event.target.closest('[data-phrase]');
  if (phrase) addPhrase(phrase);
  const eye = event.target.closest('.eye');
  if (eye) showSecret(eye);
  const linked = event.target.closest('.error-summary a[href^="#"]');
  if (linked) goToField(event, linked);
});

function addPhrase(button) {
  const area = document.getElementById(button.dataset.for);
  if (!area) return;
  const before = area.value.trimEnd();
  const stop = before && !/[。！？；，.!?;,]$/.test(before) ? '，' : '';
  area.value = `${before}${stop}${button.dataset.phrase}`;
  area.dispatchEvent(new Event('input', { bubbles: true }));
  area.focus();
}

function showSecret(button) {
  const input = button.parentNode.querySelector('input');
  const shown = input.type === 'text';
  input.type = shown ? 'password' : 'text';
  button.setAttribute('aria-pressed', String(!shown));
  input.focus();
}

function goToField(event, link) {
  const field = document.getElementById(link.hash.slice(1));
  if (!field) return;
  event.preventDefault();
  const part = field.matches('input, select, textarea, button') ? field : field.querySelector('input, select, textarea, button');
  if (field.tomselect) field.tomselect.focus();
  else (part || field).focus();
  (part || field).scrollIntoView({ block: 'center' });
}

// --- chosen files, with their size, before they are sent
document.addEventListener('change', (event) => {
  const input = event.target;
  if (input.type !== 'file') return;
  const list = document.getElementById(`${input.id}-names`);
  if (!list) return;
  const face = input.parentNode.querySelector('[data-file-face]');
  if (face && input.files.length) face.textContent = `已选 ${input.files.length} 个，点这里重选`;
  list.replaceChildren(...[...input.files].map((file) => {
    const item = document.createElement('li');
    const size = document.createElement('span');
    item.textContent = file.name;
    size.className = 'number';
    size.textContent = file.size < 1048576 ? `${Math.ceil(file.size / 1024)} KB` : `${(file.size / 1048576).toFixed(1)} MB`;
    item.append(size);
    return item;
  }));
});
