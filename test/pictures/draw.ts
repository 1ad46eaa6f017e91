import { init, type EChartsCoreOption } from 'echarts';
import type { Graph, Table, Timeline, Words } from '../../metrics/dashboards/panel.ts';
import type { Series } from '../harness/monitoring.ts';

/** The answers to a panel's questions, in their order. */
export type Answers = readonly (readonly Series[])[];

const ink = '#24292f';
const faint = '#d0d7de';

/** Grafana's colour words as a browser knows them. */
const hues: Readonly<Record<string, string>> = {
  green: '#4c9a52',
  blue: '#3b78c2',
  purple: '#8f63b8',
  orange: '#dd8433',
  red: '#cc4444',
  text: '#8c959f',
};

/** Colours for series that mean nothing by themselves. */
const palette = ['#3b78c2', '#4c9a52', '#dd8433', '#8f63b8', '#cc4444', '#2f9c95', '#8c959f', '#b5894b'];

/** Series over time, as lines or on top of one another; marks are times in seconds. */
export function drawGraph(panel: Graph, answers: Answers, marks: readonly number[]): string {
  const { queries, style, words = {} } = panel;
  const named = queries.flatMap(({ legend = '' }, index) =>
    (answers[index] ?? []).map((series) => ({ name: label(legend, series), series })),
  );
  const isStacked = style !== 'lines';
  return svg(panel.title, 300, {
    color: palette,
    grid: { left: 44, right: 16, top: 44, bottom: 56 },
    legend: { bottom: 4, icon: 'roundRect', itemHeight: 8, itemGap: 18, textStyle: { color: ink } },
    xAxis: timeAxis(),
    yAxis: {
      type: 'value',
      minInterval: style === 'lines' ? 0 : 1,
      splitLine: { lineStyle: { color: faint } },
    },
    series: named.map(({ name, series }, index) => ({
      name,
      type: 'line',
      showSymbol: false,
      step: isStacked ? 'end' : false,
      ...(isStacked ? { stack: 'all', areaStyle: { opacity: 0.6 } } : {}),
      lineStyle: { width: isStacked ? 1 : 2 },
      ...colorOf(words[name]),
      data: filled(
        series,
        named.map((one) => one.series),
        isStacked,
      ),
      ...(index === 0 ? { markLine: markLine(marks) } : {}),
    })),
  });
}

/** A row for each series, coloured where its value has a word. */
export function drawTimeline(panel: Timeline, answers: Answers): string {
  const [{ legend = '' } = {}] = panel.queries;
  const rows = (answers[0] ?? []).map((series) => ({ name: label(legend, series), series }));
  const stretches = rows.flatMap(({ series }, row) => stretchesOf(series, row, panel.words));
  return svg(panel.title, 90 + rows.length * 24, {
    grid: { left: 120, right: 16, top: 44, bottom: 32 },
    xAxis: timeAxis(),
    yAxis: {
      type: 'category',
      data: rows.map(({ name }) => name),
      inverse: true,
      axisTick: { show: false },
      axisLine: { show: false },
      axisLabel: { color: ink },
    },
    series: stretches.map(({ row, from, to, color }) => ({
      type: 'line',
      showSymbol: false,
      lineStyle: { width: 14, color, cap: 'butt' },
      data: [
        [from * 1000, row],
        [to * 1000, row],
      ],
    })),
  });
}

/** Rows joined by one label, with the columns that the dashboard has. */
export function drawTable(panel: Table, answers: Answers, now: number): string {
  const { joinedBy, columns, title } = panel;
  const keys = [...new Set(answers.flat().map(({ metric }) => metric[joinedBy] ?? ''))].toSorted();
  const widths = columns.map(({ width = 200 }) => width * 0.95);
  const lefts = widths.map((_width, index) => 16 + widths.slice(0, index).reduce((sum, one) => sum + one, 0));
  const wide = (lefts.at(-1) ?? 0) + (widths.at(-1) ?? 0) + 16;
  const text = (x: number, y: number, words: string, style: object) => ({
    type: 'text',
    x,
    y,
    style: { text: words, fill: ink, font: '13px sans-serif', ...style },
  });
  const head = columns.map((column, index) =>
    text(lefts[index] ?? 0, 52, column.title, { font: 'bold 12px sans-serif', fill: '#57606a' }),
  );
  const cells = keys.flatMap((key, row) =>
    columns.map((column, index) => {
      const { words, color } = cell(column, { key, joinedBy, answers, now });
      return text(lefts[index] ?? 0, 82 + row * 30, words, color === undefined ? {} : { fill: color });
    }),
  );
  const lines = keys.map((_key, row) => ({
    type: 'rect',
    shape: { x: 12, y: 74 + row * 30, width: wide - 24, height: 1 },
    style: { fill: faint },
  }));
  return svg(title, 100 + keys.length * 30, { graphic: [...head, ...lines, ...cells] }, wide);
}

function cell(
  { from, words, unit }: Table['columns'][number],
  of: { readonly key: string; readonly joinedBy: string; readonly answers: Answers; readonly now: number },
): { readonly words: string; readonly color?: string } {
  const { key, joinedBy, answers, now } = of;
  const mine = (series: readonly Series[]) => series.find(({ metric }) => metric[joinedBy] === key);
  const raw =
    'label' in from
      ? answers.map(mine).find((series) => series?.metric[from.label] !== undefined)?.metric[from.label]
      : mine(answers[from.query.charCodeAt(0) - 65] ?? [])?.value?.[1];
  if (raw === undefined) return { words: '' };
  const [text, color] = words?.[raw] ?? [];
  if (text !== undefined) return { words: text, color: hues[color ?? ''] ?? ink };
  return { words: unit === 'dateTimeFromNow' ? ago(now - Number(raw) / 1000) : raw };
}

function ago(seconds: number): string {
  if (seconds < 90) return `${Math.max(0, Math.round(seconds))} s ago`;
  return `${Math.round(seconds / 60)} min ago`;
}

function label(legend: string, { metric }: Series): string {
  return legend.replaceAll(/\{\{(\w+)\}\}/g, (_all, name: string) => metric[name] ?? '').trim();
}

/** Stacked series need a value at every time, or they are added up at the wrong ones. */
function filled(series: Series, all: readonly Series[], isStacked: boolean): (readonly [number, number])[] {
  const own = new Map((series.values ?? []).map(([at, value]) => [at, Number(value)]));
  const times = isStacked ? all.flatMap(({ values = [] }) => values.map(([at]) => at)) : [...own.keys()];
  return [...new Set(times)].toSorted((a, b) => a - b).map((at) => [at * 1000, own.get(at) ?? 0]);
}

interface Stretch {
  readonly row: number;
  readonly from: number;
  readonly to: number;
  readonly color: string;
}

function stretchesOf({ values = [] }: Series, row: number, words: Words): readonly Stretch[] {
  const stretches: Stretch[] = [];
  for (const [at, value] of values) {
    const color = hues[words[value]?.[1] ?? ''] ?? faint;
    const last = stretches.at(-1);
    if (last && last.color === color && at - last.to <= 1.5)
      stretches[stretches.length - 1] = { ...last, to: at + 1 };
    else stretches.push({ row, from: at, to: at + 1, color });
  }
  return stretches;
}

function markLine(marks: readonly number[]) {
  return {
    symbol: 'none',
    silent: true,
    label: { show: false },
    lineStyle: { color: hues['red'], type: 'dashed', width: 1.5 },
    data: marks.map((at) => ({ xAxis: at * 1000 })),
  };
}

function colorOf(word: Words[string] | undefined): object {
  const color = hues[word?.[1] ?? ''];
  return color === undefined ? {} : { color, itemStyle: { color } };
}

function timeAxis(): object {
  return { type: 'time', axisLabel: { color: ink, hideOverlap: true }, splitLine: { show: false } };
}

function svg(title: string, height: number, option: EChartsCoreOption, width = 900): string {
  const chart = init(null, null, { renderer: 'svg', ssr: true, width, height });
  chart.setOption({
    animation: false,
    backgroundColor: '#ffffff',
    title: { text: title, left: 12, top: 10, textStyle: { fontSize: 15, color: ink } },
    ...option,
  });
  const text = chart.renderToSVGString();
  chart.dispose();
  return `${text}\n`;
}
