// Charts: drawn from the table beside them, which stays for those who cannot see the picture or run no script.
import { BarChart, LineChart } from 'echarts/charts';
import { GridComponent, TooltipComponent } from 'echarts/components';
import * as echarts from 'echarts/core';
import { CanvasRenderer } from 'echarts/renderers';

echarts.use([LineChart, BarChart, GridComponent, TooltipComponent, CanvasRenderer]);

const COLOURS = ['#e0a32e', '#125a67', '#57a066', '#2f539b'];
const MUTED = '#5b6e74';

function read(table) {
  const rows = [...table.tBodies[0].rows].map((row) => [...row.cells].map((cell) => cell.textContent.trim()));
  const names = [...table.tHead.rows[0].cells].map((cell) => cell.textContent.trim());
  return {
    categories: rows.map((row) => row[0]),
    series: names.slice(1).map((name, at) => ({ name, values: rows.map((row) => Number(row[at + 1].replace(/[^\d.-]/g, '')) || 0) })),
  };
}

function options(kind, data, rem) {
  const line = kind !== 'bar';
  const text = { color: MUTED, fontSize: Math.round(rem * 0.6875) };
  return {
    animation: false,
    color: COLOURS,
    textStyle: { fontFamily: getComputedStyle(document.body).fontFamily },
    grid: { left: 4, right: 12, top: 12, bottom: 4, containLabel: true },
    // richText draws on the canvas; the html tooltip would need inline styles, which the policy forbids
    tooltip: { trigger: 'axis', renderMode: 'richText', confine: true, textStyle: { fontSize: Math.round(rem * 0.75) } },
    xAxis: { type: 'category', data: data.categories, boundaryGap: !line, axisTick: { show: false }, axisLine: { lineStyle: { color: '#d3dcdb' } }, axisLabel: { ...text, hideOverlap: true } },
    yAxis: { type: 'value', min: 0, minInterval: 1, axisLabel: text, splitLine: { lineStyle: { color: '#edf1f0' } } },
    series: data.series.map((one, at) => ({
      name: one.name, type: line ? 'line' : 'bar', data: one.values, smooth: line ? 0.35 : undefined, smoothMonotone: 'x', showSymbol: false,
      lineStyle: { width: 2 }, barMaxWidth: 18, itemStyle: line ? undefined : { borderRadius: [3, 3, 0, 0] },
      areaStyle: line && at === 1 ? { color: new echarts.graphic.LinearGradient(0, 0, 0, 1, [{ offset: 0, color: 'rgba(18,90,103,.14)' }, { offset: 1, color: 'rgba(18,90,103,0)' }]) } : undefined,
    })),
  };
}

function legend(figure, data) {
  const box = figure.querySelector('.chart-legend') || (figure.closest('.card') || figure).querySelector('.chart-legend');
  if (!box) return;
  box.replaceChildren(...data.series.map((one, at) => {
    const item = document.createElement('span');
    item.className = `series-${at}`;
    item.textContent = one.name;
    return item;
  }));
}

function draw(figure) {
  if (figure.dataset.drawn) return;
  figure.dataset.drawn = 'yes';
  const table = figure.querySelector('table.chart-data');
  const data = read(table);
  const box = figure.querySelector('.chart-canvas');
  legend(figure, data);
  const rem = parseFloat(getComputedStyle(document.documentElement).fontSize);
  const chart = echarts.init(box);
  chart.setOption(options(figure.dataset.chart, data, rem));
  new ResizeObserver(() => chart.resize()).observe(box);
  const fold = figure.querySelector('details');
  if (fold) fold.open = false;
}

function drawAll() {
  for (const figure of document.querySelectorAll('figure[data-chart]')) draw(figure);
}

document.addEventListener('portal:ready', drawAll);
drawAll();
