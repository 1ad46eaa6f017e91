import * as bargauge from '@grafana/grafana-foundation-sdk/bargauge';
import type { Builder } from '@grafana/grafana-foundation-sdk/cog';
import * as common from '@grafana/grafana-foundation-sdk/common';
import * as sdk from '@grafana/grafana-foundation-sdk/dashboard';
import * as prometheus from '@grafana/grafana-foundation-sdk/prometheus';
import * as stat from '@grafana/grafana-foundation-sdk/stat';
import * as statetimeline from '@grafana/grafana-foundation-sdk/statetimeline';
import * as table from '@grafana/grafana-foundation-sdk/table';
import * as timeseries from '@grafana/grafana-foundation-sdk/timeseries';
import type { Column, Dashboard, Mark, Panel, Query, Table, Words } from './panel.ts';

/** Everything a panel is built with; the SDK has no common type for it that also knows units and overrides. */
interface AnyPanel extends Builder<sdk.Panel> {
  id(id: number): this;
  title(title: string): this;
  description(description: string): this;
  height(height: number): this;
  span(width: number): this;
  unit(unit: string): this;
  noValue(text: string): this;
  datasource(datasource: common.DataSourceRef): this;
  mappings(mappings: sdk.ValueMapping[]): this;
  targets(targets: Builder<prometheus.Dataquery>[]): this;
}

const source = { type: 'prometheus', uid: '$datasource' };

/** A dashboard as Grafana 10 and newer load it from a file; the only code that knows Grafana's model. */
export function renderDashboard(dashboard: Dashboard): string {
  const { uid, title, description, from, links, marks, sections } = dashboard;
  const built = new sdk.DashboardBuilder(title)
    .uid(uid)
    .description(description)
    .tags(['abide'])
    .readonly()
    .timezone('browser')
    .time({ from, to: 'now' })
    .refresh('1m')
    .tooltip(sdk.DashboardCursorSync.Crosshair)
    .variables(variables(dashboard))
    .links(links.map((link) => linkTo(link.title, link.url)))
    .annotations(marks.map(annotation));
  for (const section of sections) {
    built.withRow(new sdk.RowBuilder(section.title).id(section.id));
    for (const panel of section.panels) built.withPanel(panelOf(panel));
  }
  return `${JSON.stringify(built.build(), null, 2)}\n`;
}

function variables({ manyInstances }: Dashboard): Builder<sdk.VariableModel>[] {
  const instance = label('instance', 'label_values(abide_build_info{job=~"$job"}, instance)');
  return [
    new sdk.DatasourceVariableBuilder('datasource').label('Data source').type('prometheus'),
    all(label('job', 'label_values(abide_build_info, job)')),
    manyInstances ? all(instance) : instance,
    new sdk.ConstantVariableBuilder('runbooks')
      .label('Runbooks')
      .description('Where docs/runbooks can be read')
      .value('docs/runbooks'),
  ];
}

function label(name: string, query: string): sdk.QueryVariableBuilder {
  return (
    new sdk.QueryVariableBuilder(name)
      .label(`${name.charAt(0).toUpperCase()}${name.slice(1)}`)
      .datasource(source)
      .query({ query, refId: name })
      .definition(query)
      .refresh(sdk.VariableRefresh.OnTimeRangeChanged)
      // oxlint-disable-next-line unicorn/no-array-sort -- no array: the order in which Grafana lists values
      .sort(sdk.VariableSort.AlphabeticalAsc)
  );
}

function all(variable: sdk.QueryVariableBuilder): sdk.QueryVariableBuilder {
  return variable.multi(true).includeAll(true).allValue('.+').current({ text: 'All', value: '$__all' });
}

function linkTo(title: string, url: string): sdk.DashboardLinkBuilder {
  return new sdk.DashboardLinkBuilder(title)
    .type(sdk.DashboardLinkType.Link)
    .url(url)
    .keepTime(true)
    .includeVars(false);
}

/** The values are the times themselves, so that a mark stands where it belongs whatever the step is. */
function annotation({ name, expr, color, text }: Mark): sdk.AnnotationQueryBuilder {
  return new sdk.AnnotationQueryBuilder()
    .name(name)
    .datasource(source)
    .enable(true)
    .iconColor(color)
    .expr(expr)
    .titleFormat(text)
    .useValueForTime(true);
}

function panelOf(panel: Panel): AnyPanel {
  const { id, title, description, width, height, unit, words } = panel;
  const built = kindOf(panel)
    .id(id)
    .title(title)
    .description(description)
    .span(width)
    .height(height)
    .unit(unit)
    .datasource(source)
    .noValue('none')
    .targets(targets(panel));
  const colored = words && panel.kind === 'stat' && panel.shows === 'name';
  if (!words || colored || panel.kind === 'graph') return built;
  return built.mappings(mappings(words));
}

function kindOf(panel: Panel): AnyPanel {
  if (panel.kind === 'stat') return statOf(panel);
  if (panel.kind === 'table') return tableOf(panel);
  if (panel.kind === 'graph') return graphOf(panel);
  if (panel.kind === 'bars') {
    return new bargauge.PanelBuilder()
      .orientation(common.VizOrientation.Horizontal)
      .displayMode(common.BarGaugeDisplayMode.Basic)
      .reduceOptions(last());
  }
  return new statetimeline.PanelBuilder()
    .mergeValues(true)
    .showValue(common.VisibilityMode.Never)
    .legend(new common.VizLegendOptionsBuilder().showLegend(false));
}

function statOf({ shows, steps, words = {} }: Extract<Panel, { kind: 'stat' }>): stat.PanelBuilder {
  const built = new stat.PanelBuilder();
  // A name is coloured as the series it names: its value says only that it holds.
  if (shows === 'name')
    for (const [name, [, color]] of Object.entries(words)) built.overrideByName(name, [fixedColor(color)]);
  return built
    .reduceOptions(last())
    .graphMode(common.BigValueGraphMode.None)
    .colorMode(common.BigValueColorMode.Value)
    .textMode(shows === 'name' ? common.BigValueTextMode.Name : common.BigValueTextMode.Value)
    .thresholds(
      new sdk.ThresholdsConfigBuilder()
        .mode(sdk.ThresholdsMode.Absolute)
        .steps(steps.map(([value, color]) => ({ value, color }))),
    );
}

function last(): common.ReduceDataOptionsBuilder {
  return new common.ReduceDataOptionsBuilder().calcs(['lastNotNull']);
}

function graphOf({ style, words = {} }: Extract<Panel, { kind: 'graph' }>): timeseries.PanelBuilder {
  const graph = new timeseries.PanelBuilder()
    .legend(
      new common.VizLegendOptionsBuilder()
        .showLegend(true)
        .displayMode(common.LegendDisplayMode.List)
        .placement(common.LegendPlacement.Bottom),
    )
    .tooltip(new common.VizTooltipOptionsBuilder().mode(common.TooltipDisplayMode.Multi))
    .min(0)
    .showPoints(common.VisibilityMode.Never);
  for (const [name, [, color]] of Object.entries(words)) graph.overrideByName(name, [fixedColor(color)]);
  if (style === 'lines') return graph.lineWidth(2);
  const stacked = graph.stacking(new common.StackingConfigBuilder().mode(common.StackingMode.Normal));
  if (style === 'bars') return stacked.drawStyle(common.GraphDrawStyle.Bars).fillOpacity(80).lineWidth(0);
  return stacked.fillOpacity(60).lineWidth(1).lineInterpolation(common.LineInterpolation.StepAfter);
}

function fixedColor(color: string): sdk.DynamicConfigValue {
  return { id: 'color', value: { mode: 'fixed', fixedColor: color } };
}

function tableOf(panel: Table): table.PanelBuilder {
  const built = new table.PanelBuilder()
    .cellHeight(common.TableCellHeight.Sm)
    .filterable(true)
    .transformations(transformations(panel));
  for (const column of panel.columns) built.overrideByName(column.title, overrides(column));
  return built;
}

/** Joined rows first, then only the columns that are wanted, in their order and under their titles. */
function transformations({ joinedBy, columns, queries }: Table): sdk.DataTransformerConfig[] {
  const fields = columns.map((column) => fieldOf(column, queries));
  const titles = columns.map((column, index) => [fields[index], column.title] as const);
  const join = { id: 'joinByField', options: { byField: joinedBy, mode: 'outer' } };
  return [
    ...(queries.length > 1 ? [join] : []),
    { id: 'filterFieldsByName', options: { include: { names: fields } } },
    {
      id: 'organize',
      options: {
        indexByName: Object.fromEntries(fields.map((field, index) => [field, index])),
        renameByName: Object.fromEntries(titles),
      },
    },
  ];
}

function fieldOf({ from }: Column, queries: readonly Query[]): string {
  if ('label' in from) return from.label;
  return queries.length > 1 ? `Value #${from.query}` : 'Value';
}

function overrides({ unit, width, words, link }: Column): sdk.DynamicConfigValue[] {
  const colored = { id: 'custom.cellOptions', value: { type: 'color-text' } };
  return [
    ...(unit ? [{ id: 'unit', value: unit }] : []),
    ...(width ? [{ id: 'custom.width', value: width }] : []),
    ...(words ? [{ id: 'mappings', value: mappings(words) }, colored] : []),
    ...(link ? [{ id: 'links', value: [{ title: 'Show', url: link }] }] : []),
  ];
}

function mappings(words: Words): sdk.ValueMapping[] {
  const options = Object.entries(words).map(([value, [text, color]], index) => [
    value,
    { text, color, index },
  ]);
  return [{ type: sdk.MappingType.ValueToText, options: Object.fromEntries(options) }];
}

function targets({ kind, queries }: Panel): prometheus.DataqueryBuilder[] {
  const isOfNow = kind === 'table' || kind === 'stat' || kind === 'bars';
  return queries.map(({ expr, legend = '' }, index) => {
    const target = new prometheus.DataqueryBuilder()
      .refId(String.fromCharCode('A'.charCodeAt(0) + index))
      .datasource(source)
      .expr(expr);
    if (kind === 'table') target.format(prometheus.PromQueryFormat.Table);
    else target.legendFormat(legend);
    return isOfNow ? target.instant() : target.range();
  });
}
