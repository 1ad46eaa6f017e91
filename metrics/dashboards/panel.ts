/** One question to Prometheus; `$job` and `$instance` are the dashboard's variables. */
export interface Query {
  readonly expr: string;
  /** With labels in double braces; left out where a table shows the labels. */
  readonly legend?: string;
}

/** A text and a colour for a value. */
export type Words = Readonly<Record<string, readonly [text: string, color: string]>>;

/** What every kind of panel has. Sizes are in Grafana's grid, 24 wide. */
interface Common {
  /** Stays the same for ever, because links to a panel name it. */
  readonly id: number;
  readonly title: string;
  readonly description: string;
  readonly width: number;
  readonly height: number;
  /** Grafana's name of the unit. */
  readonly unit: string;
  readonly queries: readonly Query[];
  readonly words?: Words;
}

/** One or a few numbers or words of now. */
export interface Stat extends Common {
  readonly kind: 'stat';
  /** `name`: the legend is what is read, and the value only says that it holds. */
  readonly shows: 'value' | 'name';
  /** Colour from a value on, the first without a bound. */
  readonly steps: readonly (readonly [from: number | null, color: string])[];
}

/** Lines, or bars or areas on top of one another. */
export interface Graph extends Common {
  readonly kind: 'graph';
  readonly style: 'lines' | 'bars' | 'stack';
}

/** A row for each series and a coloured stretch for each value it had. */
export interface Timeline extends Common {
  readonly kind: 'timeline';
  readonly words: Words;
}

/** A length for each series, of now. */
export interface Bars extends Common {
  readonly kind: 'bars';
}

/** A row for each value of `joinedBy`, with columns from all queries. */
export interface Table extends Common {
  readonly kind: 'table';
  readonly joinedBy: string;
  readonly columns: readonly Column[];
}

/** A column by the label it shows, or by the letter of the query whose value it shows. */
export interface Column {
  readonly from: { readonly label: string } | { readonly query: string };
  readonly title: string;
  readonly unit?: string;
  readonly width?: number;
  readonly words?: Words;
  /** Where a click leads. */
  readonly link?: string;
}

/** A panel as plain data, without a word of Grafana's model. */
export type Panel = Stat | Graph | Timeline | Bars | Table;

/** Panels under one heading, which can be folded. */
export interface Section {
  readonly id: number;
  readonly title: string;
  readonly panels: readonly Panel[];
}

/** Marks on every time axis, at the times that an expression has as its values, in milliseconds. */
export interface Mark {
  readonly name: string;
  readonly expr: string;
  readonly color: string;
  readonly text: string;
}

/** A dashboard as plain data. */
export interface Dashboard {
  readonly uid: string;
  readonly title: string;
  readonly description: string;
  /** A relative time such as `now-24h`. */
  readonly from: string;
  /** True where many instances are looked at together. */
  readonly manyInstances: boolean;
  readonly links: readonly { readonly title: string; readonly url: string }[];
  readonly marks: readonly Mark[];
  readonly sections: readonly Section[];
}

/** Every expression of a dashboard, the marks' included. */
export function expressionsOf({ sections, marks }: Dashboard): readonly string[] {
  const panels = sections.flatMap((section) => section.panels);
  return [
    ...panels.flatMap(({ queries }) => queries.map(({ expr }) => expr)),
    ...marks.map(({ expr }) => expr),
  ];
}
