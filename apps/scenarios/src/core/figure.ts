/** One drawing of a report. */
export interface Figure {
  readonly title: string;
  /** What it shows and how to read it, in a sentence or two. */
  readonly explains: string;
  /** A whole `<svg>` element; colours are variables of the page. */
  readonly svg: string;
}
