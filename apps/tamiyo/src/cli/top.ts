import { join } from 'node:path';
import { systemClock } from '@esper/std/node';
import type { Command } from 'commander';
import type { Config } from '../config/knobs.js';
import { type HostNow, LiveSource } from '../top/live-source.js';
import { renderTop, type TopState } from '../top/render-top.js';
import { type Move, TimeTravel } from '../top/time-travel.js';
import { eventOfRecord } from '../top/top-event.js';
import { TopTally } from '../top/top-tally.js';
import { hostAccess } from './host-access.js';
import { loadConfig } from './load-config.js';
import { logRecords } from './log-records.js';
import { EXIT } from './output.js';
import { type CommandContext, type Noun, withCommonOptions } from './program.js';
import { screenText, TopScreen } from './top-screen.js';
import { wholeNumber } from './whole-number.js';

interface TopOptions {
  readonly data?: string;
  readonly url?: string;
  readonly tokenFile?: string;
  readonly log?: boolean;
  readonly once?: boolean;
  readonly intervalMs: string;
}

const EXAMPLES = `Examples:
  tamiyo top                                   the host of this configuration, live
  tamiyo top --url http://127.0.0.1:8690 --token-file var/tamiyo/tokens/trainer
  tamiyo top --log --data ./var/tamiyo-demo    a recorded run, back and forth in time
  tamiyo top --log --once --json               what the last moment of a log shows, as one JSON object
`;
const KEYS = `
Keys: q ends. Live: space holds the picture. Over a log: ← → one event (h l), PgUp PgDn a hundred (b f), Home End (g G), space plays.
It only looks: nothing is asked of the host but readiness, metrics, runs and events.`;

/** `tamiyo top`: what a host does, live, or what it did. */
export const topNoun: Noun = (program, run) => {
  withCommonOptions(program.command('top'))
    .description(
      'a live view of a host: decisions/s, latency, modes, breakers, budgets, queues; or of its log, with time travel',
    )
    .addHelpText('before', EXAMPLES)
    .option('--log', 'the log of the data folder in the place of a running host')
    .option('--data <folder>', 'the data folder of the host; default: the configuration')
    .option('--url <url>', 'where the host answers; default: the configuration')
    .option('--token-file <file>', 'a token that may read; default: the trainer token of the data folder')
    .option('--once', 'show one picture and end')
    .option('--interval-ms <number>', 'time between two pictures', '1000')
    .addHelpText('after', KEYS)
    .action((_options: unknown, command: Command) =>
      run(command, (context) => top(context, command.opts<TopOptions>())),
    );
};

async function top(context: CommandContext, options: TopOptions): Promise<number> {
  const { values } = await loadConfig(context, options.data === undefined ? {} : { dataDir: options.data });
  const intervalMs = wholeNumber('--interval-ms', options.intervalMs, { least: 50, most: 3_600_000 });
  const source = options.log === true ? await logPicture(context, values) : await livePicture(values, options);
  const isOnce = options.once === true || (!context.output.json && process.stdout.isTTY !== true);
  if (isOnce || context.output.json) return showPlain(source, context, isOnce ? undefined : intervalMs);
  return showScreen(source, context, intervalMs);
}

/** Something that can be drawn again and again. */
interface Picture {
  readonly state: () => TopState;
  /** Looks again; of a log nothing changes by itself. */
  readonly refresh: () => Promise<void>;
  readonly onKey: (key: string) => void;
  readonly close: () => void;
}

const MOVES: Readonly<Record<string, Move>> = {
  h: 'back',
  '\u001b[D': 'back',
  l: 'on',
  '\u001b[C': 'on',
  b: 'page_back',
  '\u001b[5~': 'page_back',
  f: 'page_on',
  '\u001b[6~': 'page_on',
  g: 'first',
  '\u001b[H': 'first',
  '\u001b[1~': 'first',
  G: 'last',
  '\u001b[F': 'last',
  '\u001b[4~': 'last',
};

async function logPicture(context: CommandContext, values: Config): Promise<Picture> {
  const directory = join(values.dataDir, 'log');
  const travel = new TimeTravel();
  for await (const { record } of logRecords(context, { directory, label: 'reading the log' })) {
    const event = eventOfRecord(record);
    if (event !== undefined) travel.add(event);
  }
  let isPlaying = false;
  return {
    state: () => ({
      view: travel.view(),
      source: directory,
      status: `${isPlaying ? 'playing' : 'recorded'}, event ${travel.place}`,
      isTrouble: false,
      budgets: { decisionMs: values['deadlines.decisionMs'] },
      queues: {},
      keys: 'q end  ←→ one  PgUp PgDn hundred  Home End  space play',
    }),
    refresh: async () => {
      if (isPlaying) travel.move('on');
      isPlaying = isPlaying && !travel.isAtEnd;
    },
    onKey: (key) => {
      if (key === ' ') isPlaying = !isPlaying;
      const move = MOVES[key];
      if (move !== undefined) travel.move(move);
    },
    close: () => undefined,
  };
}

async function livePicture(values: Config, options: TopOptions): Promise<Picture> {
  const { url, token } = await hostAccess(values, options, 'trainer');
  const tally = new TopTally();
  const live = new LiveSource({ url, token }, tally);
  const ending = new AbortController();
  let now: HostNow = await live.poll();
  let held: TopState | undefined;
  const follow = (): void => {
    live.follow(ending.signal).catch((cause: unknown) => {
      now = { ...now, isReady: false, status: cause instanceof Error ? cause.message : String(cause) };
    });
  };
  follow();
  const state = (): TopState => ({
    view: tally.view(systemClock.wallMs()),
    source: url,
    status: now.status,
    isTrouble: !now.isReady,
    budgets: { decisionMs: values['deadlines.decisionMs'] },
    queues: now.queues,
    keys: 'q end  space hold',
  });
  return {
    state: () => held ?? state(),
    refresh: async () => {
      const wasReady = now.isReady;
      now = await live.poll().catch((cause: unknown) => ({
        ...now,
        isReady: false,
        status: cause instanceof Error ? cause.message : String(cause),
      }));
      // The host came back: so does its stream.
      if (!wasReady && now.isReady) follow();
    },
    onKey: (key) => {
      if (key === ' ') held = held === undefined ? { ...state(), status: 'held' } : undefined;
    },
    close: () => ending.abort(),
  };
}

/** For pipes and `--json`: one picture, or one each interval until interrupted. */
async function showPlain(
  picture: Picture,
  { output }: CommandContext,
  intervalMs: number | undefined,
): Promise<number> {
  const stop = interrupted();
  const size = { columns: process.stdout.columns ?? 120, rows: process.stdout.rows ?? 40 };
  try {
    for (;;) {
      const state = picture.state();
      output.object({
        type: 'picture',
        ...state.view,
        source: state.source,
        status: state.status,
        queues: state.queues,
      });
      for (const line of screenText(renderTop({ ...state, keys: '' }, size), false)) output.line(line);
      if (intervalMs === undefined || (await Promise.race([stop, later(intervalMs)])) === 'interrupted') return EXIT.ok;
      await picture.refresh();
    }
  } finally {
    picture.close();
  }
}

async function showScreen(picture: Picture, { environment }: CommandContext, intervalMs: number): Promise<number> {
  const screen = new TopScreen(process.stdout, process.stdin, environment['NO_COLOR'] === undefined);
  const stop = interrupted();
  let end: (why: 'interrupted') => void = () => undefined;
  const ended = new Promise<'interrupted'>((resolve) => {
    end = resolve;
  });
  const draw = (): void => screen.draw(renderTop(picture.state(), screen.size()));
  const giveBack = screen.open((key) => {
    if (key === 'q' || key === '\u0003') end('interrupted');
    picture.onKey(key);
    draw();
  }, draw);
  try {
    for (;;) {
      draw();
      if ((await Promise.race([stop, ended, later(intervalMs)])) === 'interrupted') return EXIT.ok;
      await picture.refresh();
    }
  } finally {
    giveBack();
    picture.close();
  }
}

const later = (ms: number): Promise<'later'> =>
  new Promise((resolve) => {
    setTimeout(() => resolve('later'), ms);
  });

const interrupted = (): Promise<'interrupted'> =>
  new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve('interrupted'));
  });
