import { init, use } from 'echarts/core';
import { LineChart } from 'echarts/charts';
import { GridComponent, LegendComponent, TitleComponent } from 'echarts/components';
import { SVGRenderer } from 'echarts/renderers';

import type { Figures } from './figures.js';
import type { Side } from './measure.js';
import type { Metric, Row, Series } from './row.js';
import { summaryOf } from './statistics.js';

use([LineChart, GridComponent, LegendComponent, TitleComponent, SVGRenderer]);

export interface Plot {
  /** Without a folder, ends in `.svg`. */
  readonly file: string;
  readonly title: string;
  readonly svg: string;
}

type SeriesRow = Row & { readonly series: Series };

/** How each cost grows with n: one plot for each metric of each series of rows, the medians on two logarithmic axes. */
export function plots(figures: Figures, rows: readonly Row[]): readonly Plot[] {
  const series = new Map<string, SeriesRow[]>();
  for (const row of rows) {
    if (row.series === undefined || figures.rows[row.name] === undefined) continue;
    series.set(row.series.name, [...(series.get(row.series.name) ?? []), row as SeriesRow]);
  }
  return [...series.values()]
    .filter((all) => all.length > 1)
    .flatMap((all) => (all[0] as SeriesRow).metrics.filter(({ plotted }) => plotted !== false).map((metric) => plot(figures, all, metric)));
}

function plot(figures: Figures, rows: readonly SeriesRow[], metric: Metric): Plot {
  const [{ series, metrics }] = rows as [SeriesRow];
  const title = `${series.title}: ${metric.what}`;
  const lines = (['rollcall', 'peer'] as const).map((side) => ({ side, points: points(figures, rows, metric, side) })).filter(({ points: { length } }) => length > 1);
  const chart = init(null, null, { renderer: 'svg', ssr: true, width: 640, height: 320 });
  // Zero has no place on a logarithmic axis.
  const type = lines.every(({ points: all }) => all.every(([, value]) => value > 0)) ? 'log' : 'value';
  chart.setOption({
    animation: false,
    backgroundColor: '#ffffff',
    title: { text: title, textStyle: { fontSize: 13 }, left: 'center', top: 4 },
    legend: { top: 30 },
    grid: { top: 64, bottom: 48, left: 72, right: 32 },
    xAxis: { type: 'log', name: series.of, nameLocation: 'middle', nameGap: 28, min: 'dataMin', max: 'dataMax', minorTick: { show: true } },
    yAxis: { type, axisLabel: { formatter: (value: number) => value.toLocaleString('en', { maximumSignificantDigits: 3 }) } },
    series: lines.map(({ side, points: data }) => ({ type: 'line', name: side, data, symbolSize: 8, silent: true, itemStyle: { color: side === 'rollcall' ? '#0b6e4f' : '#c8553d' } })),
  });
  const svg = numberedAnew(chart.renderToSVGString());
  chart.dispose();
  return { file: `${series.name}${metrics.length > 1 ? `-${metric.name}` : ''}.svg`, title, svg: `${svg}\n` };
}

/** The names inside, by the order in which they come: the library counts on from one drawing to the next. */
function numberedAnew(svg: string): string {
  const names = new Map<string, string>();
  return svg.replaceAll(/\bzr\d+-(c|cls-|g|p)(\d+)/g, (name, kind: string) => {
    const known = names.get(name) ?? `${kind}${names.size}`;
    names.set(name, known);
    return known;
  });
}

function points(figures: Figures, rows: readonly SeriesRow[], metric: Metric, side: Side): [number, number][] {
  return rows.flatMap(({ name, series: { n } }): [number, number][] => {
    const measured = figures.rows[name];
    const summary = measured && summaryOf(measured, side, metric);
    return summary === undefined ? [] : [[n, summary.median]];
  });
}
