/** What the interface counts about itself. Label sets are closed: route names, codes and status classes. */
export const HTTP_METRICS = {
  'tamiyo.http.requests_total': { unit: 'count', means: 'Requests answered, by route and class of status.' },
  'tamiyo.http.problems_total': { unit: 'count', means: 'Requests refused or failed, by code.' },
  'tamiyo.http.under_way': { unit: 'count', means: 'Requests being answered now.' },
  'tamiyo.http.event_streams': { unit: 'count', means: 'Event streams open now.' },
  'tamiyo.http.event_streams_cut_total': {
    unit: 'count',
    means: 'Event streams that were cut because they did not read as fast as things happened.',
  },
} as const;

type MetricName = keyof typeof HTTP_METRICS;
type Sample = readonly [labels: string, value: number];

/** Counts since the interface was made, as text for a scrape. */
export class HttpCounts {
  readonly #answers = new Map<string, number>();
  readonly #problems = new Map<string, number>();
  #streamsCut = 0;

  /** `route` is an operation id, never a path. */
  answered(route: string, statusCode: number): void {
    count(this.#answers, `{route="${route}",status="${Math.floor(statusCode / 100)}xx"}`);
  }

  /** `code` is one of our codes. */
  refused(code: string): void {
    count(this.#problems, `{code="${code}"}`);
  }

  /** A stream that did not read as fast as things happened, and was cut. */
  streamCut(): void {
    this.#streamsCut += 1;
  }

  /** In the text format of Prometheus. */
  render(now: { readonly underWay: number; readonly streams: number }): string {
    return [
      family('tamiyo.http.requests_total', [...this.#answers]),
      family('tamiyo.http.problems_total', [...this.#problems]),
      family('tamiyo.http.under_way', [['', now.underWay]]),
      family('tamiyo.http.event_streams', [['', now.streams]]),
      family('tamiyo.http.event_streams_cut_total', [['', this.#streamsCut]]),
    ].join('');
  }
}

function count(counts: Map<string, number>, labels: string): void {
  counts.set(labels, (counts.get(labels) ?? 0) + 1);
}

function family(name: MetricName, samples: readonly Sample[]): string {
  const exposed = name.replaceAll('.', '_');
  const type = name.endsWith('_total') ? 'counter' : 'gauge';
  const lines = samples.map(([labels, value]) => `${exposed}${labels} ${value}\n`);
  return `# HELP ${exposed} ${HTTP_METRICS[name].means}\n# TYPE ${exposed} ${type}\n${lines.join('')}`;
}
