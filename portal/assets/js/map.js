// The map of the grids: plain GeoJSON in circles and lines, no tiles, no pictures; the table beside it says the same.
import * as L from 'leaflet/dist/leaflet-src.esm.js';

const COLOURS = { ok: '#57a066', warn: '#e0a32e', over: '#b93a22', info: '#2f539b' };
const MUTED = '#5b6e74';

function stateOf(grid) {
  if (grid.overdue) return ['over', `超期 ${grid.overdue} 件，未结 ${grid.open} 件`];
  if (!grid.staffed) return ['info', '无人负责'];
  return grid.open ? ['warn', `未结 ${grid.open} 件`] : ['ok', '没有未结'];
}

// Built from nodes: a name that somebody typed never becomes markup.
function popup(grid) {
  const box = document.createElement('div');
  const name = document.createElement('a');
  name.href = grid.url;
  name.textContent = `${grid.village} / ${grid.name}`;
  const state = document.createElement('p');
  state.textContent = stateOf(grid)[1];
  box.append(name, state);
  return box;
}

function styled(tone, urgent) {
  return { radius: urgent ? 7 : 5, weight: 1, color: '#fff', fillColor: COLOURS[tone], fillOpacity: 0.95 };
}

const ORDER = ['ok', 'warn', 'info', 'over']; // what matters most is drawn last, over the others

function drawGrids(map, grids) {
  const rank = (feature) => ORDER.indexOf(stateOf(feature.properties)[0]);
  grids.features.sort((one, other) => rank(one) - rank(other));
  return L.geoJSON(grids, {
    pointToLayer: (feature, at) => {
      const [tone] = stateOf(feature.properties);
      return L.circleMarker(at, styled(tone, tone === 'over'));
    },
    style: (feature) => (feature.geometry.type === 'Point' ? {} : { weight: 1, color: COLOURS[stateOf(feature.properties)[0]], fillOpacity: 0.25 }),
    onEachFeature: (feature, layer) => layer.bindPopup(() => popup(feature.properties)),
  }).addTo(map);
}

function drawTowns(map, towns) {
  L.geoJSON(towns, {
    pointToLayer: (feature, at) => L.circleMarker(at, { radius: 3, weight: 0, fillColor: MUTED, fillOpacity: 1, interactive: false })
      .bindTooltip(document.createTextNode(feature.properties.name).textContent, { permanent: true, direction: 'right', className: 'map-town' }),
  }).addTo(map);
}

async function draw(box) {
  if (box.dataset.drawn) return;
  box.dataset.drawn = 'yes';
  const answer = await fetch(box.dataset.map, { headers: { Accept: 'application/json' } });
  if (!answer.ok) {
    box.textContent = '地图没有取到数据，请刷新；数字请看表。';
    return;
  }
  const found = await answer.json();
  const map = L.map(box, { attributionControl: false, zoomSnap: 0.25, scrollWheelZoom: false, preferCanvas: true });
  map.zoomControl.setPosition('topright');
  for (const [selector, title] of [['.leaflet-control-zoom-in', '放大'], ['.leaflet-control-zoom-out', '缩小']]) {
    const button = box.querySelector(selector);
    button.title = title;
    button.setAttribute('aria-label', title);
  }
  const layers = [];
  if (found.outline) layers.push(L.geoJSON(found.outline, { style: { color: MUTED, weight: 1.5, fillColor: '#fff', fillOpacity: 1 }, interactive: false }).addTo(map));
  drawTowns(map, found.towns);
  const grids = drawGrids(map, found.grids);
  const shown = grids.getLayers().length ? grids : layers[0];
  if (shown) map.fitBounds(shown.getBounds().pad(0.05), { maxZoom: 15 });
  else map.setView([31.1, 105.1], 9);
}

function drawAll() {
  for (const box of document.querySelectorAll('[data-map]')) draw(box);
}

document.addEventListener('portal:ready', drawAll);
drawAll();
