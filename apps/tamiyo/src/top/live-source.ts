import { TamiyoError } from '../errors.js';
import { eventsOfBlock, factsOfRun, queuesOf } from './live-events.js';
import type { TopTally } from './top-tally.js';

/** Where a running host answers, and what opens it. */
export interface HostToWatch {
  /** For example `http://127.0.0.1:8690`. */
  readonly url: string;
  readonly token: string;
}

/** What a host says of itself at one moment. */
export interface HostNow {
  readonly isReady: boolean;
  readonly status: string;
  readonly queues: Readonly<Record<string, number>>;
}

const RUNS_SHOWN = 32;
const ANSWER_MS = 5_000;

/** Looks at a running host, and only looks: readiness, metrics, runs, and the stream of its events. */
export class LiveSource {
  readonly #host: HostToWatch;
  readonly #tally: TopTally;

  constructor(host: HostToWatch, tally: TopTally) {
    this.#host = host;
    this.#tally = tally;
  }

  /** Rejects with `HOST_UNREACHABLE`. */
  async poll(): Promise<HostNow> {
    const ready = (await (await this.#get('/readyz')).json()) as {
      readonly ready?: boolean;
      readonly checks?: readonly { readonly name: string; readonly ok: boolean }[];
    };
    const queues = queuesOf(await (await this.#get('/metrics')).text());
    const { runs = [] } = (await (await this.#get('/v1/runs')).json()) as { readonly runs?: readonly string[] };
    for (const run of runs.slice(0, RUNS_SHOWN)) {
      const answer = await this.#get(`/v1/runs/${encodeURIComponent(run)}`);
      if (answer.ok) this.#tally.run(factsOfRun(await answer.json()));
    }
    const missing = (ready.checks ?? []).filter(({ ok }) => !ok).map(({ name }) => name);
    const isReady = ready.ready === true;
    return { isReady, status: isReady ? 'live' : `not ready: ${missing.join(', ')}`, queues };
  }

  /** Takes events as they come. Resolves when the host closes the stream or `signal` ends it. */
  async follow(signal: AbortSignal): Promise<void> {
    const answer = await this.#get('/v1/events', signal);
    let rest = '';
    const decoder = new TextDecoder();
    try {
      for await (const chunk of answer.body ?? []) {
        const blocks = `${rest}${decoder.decode(chunk as Uint8Array, { stream: true })}`.split('\n\n');
        rest = blocks.pop() ?? '';
        for (const event of blocks.flatMap(eventsOfBlock)) this.#tally.add(event);
      }
    } catch (cause) {
      if (!signal.aborted) throw unreachable(this.#host.url, cause);
    }
  }

  async #get(path: string, signal: AbortSignal = AbortSignal.timeout(ANSWER_MS)): Promise<Response> {
    const { url, token } = this.#host;
    const answer = await fetch(`${url}${path}`, { headers: { authorization: `Bearer ${token}` }, signal }).catch(
      (cause: unknown) => {
        throw unreachable(url, cause);
      },
    );
    if (answer.status === 401 || answer.status === 403)
      throw unreachable(url, new Error(`${path}: the token may not read`));
    return answer;
  }
}

const unreachable = (url: string, cause: unknown): TamiyoError =>
  new TamiyoError('HOST_UNREACHABLE', `no host answers at ${url}`, { cause });
