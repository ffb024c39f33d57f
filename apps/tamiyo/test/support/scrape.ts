/** One line of a scrape. */
export interface ScrapedSample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface Scraped {
  readonly samples: readonly ScrapedSample[];
  /** Names of the families, in order, as often as they come. */
  readonly heads: readonly string[];
  readonly types: ReadonlyMap<string, string>;
}

const LINE = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$/;
const LABEL = /([a-zA-Z_]\w*)="((?:[^"\\]|\\.)*)"/g;

/** Reads the text format of Prometheus. Throws on a line it does not know. */
export function scrapeOf(text: string): Scraped {
  const lines = text.trimEnd().split('\n');
  const types = lines.flatMap((line) => {
    const [, name = '', type = ''] = /^# TYPE (\S+) (\S+)$/.exec(line) ?? [];
    return name === '' ? [] : [[name, type] as const];
  });
  const samples = lines.filter((line) => !line.startsWith('#')).map(sampleOf);
  return { samples, heads: types.map(([name]) => name), types: new Map(types) };
}

function sampleOf(line: string): ScrapedSample {
  const [, name, labels = '', value] = LINE.exec(line) ?? [];
  if (name === undefined) throw new Error(`no line of a scrape: ${line}`);
  const pairs = [...labels.matchAll(LABEL)].map(([, key = '', text = '']) => [key, text] as const);
  return { name, labels: Object.fromEntries(pairs), value: Number(value?.replace('Inf', 'Infinity')) };
}
