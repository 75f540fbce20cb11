// The script of every page. All of it is convenience: without it each page works by links and forms.
import './ready.js';
import './lists.js';
import './menus.js';
import './search.js';
import './forms.js';
import './tree.js';
import './picker.js';
import './selection.js';
import './bell.js';
