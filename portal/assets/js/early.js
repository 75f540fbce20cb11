// Runs before the first paint, so that what only scripts need (or only their absence) never jumps into view.
document.documentElement.classList.add('js');
