import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { HarnessError } from '../errors.js';
import type { TrainerOptions } from '../options.js';
import type { Decision } from '../ports.js';
import { FrameReader, frameOf } from '../wire/frames.js';
import {
  CHANNEL_PROTOCOL,
  decodeTrainerMessage,
  encodeHostMessage,
  type HostMessage,
  type TrainerMessage,
} from '../wire/trainer-channel.js';

/** A key the trainer accepts commands from: an HMAC secret of 32 bytes or more, or the PEM text (SPKI) of an Ed25519 key, UTF-8. */
export interface TrainerKey {
  readonly keyId: string;
  readonly algorithm: 'hmac-sha256' | 'ed25519';
  readonly key: Uint8Array;
}

/** How to start a trainer. */
export interface StartTrainer {
  readonly options: TrainerOptions;
  /** False: the run asks for no decisions [true]. */
  readonly controlled?: boolean;
  /** Go to the trainer through the pipe; never on the command line or in the environment. None: all is refused. */
  readonly keys?: readonly TrainerKey[];
  /** The audience the trainer answers to [`kasmina`]. */
  readonly consumer?: string;
  /** Where full checkpoints go; absent: none are made. */
  readonly checkpointFolder?: string;
}

/** A trainer in its own process, as its host sees it. */
export interface TrainerProcess {
  /**
   * What the trainer tells, in order; read it once. Ends after `summary` or `failed`. Rejects with
   * `HARNESS_TRAINER_FAILED` when the process ends without either, `HARNESS_FRAME_…` when it sends something else.
   */
  readonly messages: AsyncIterable<TrainerMessage>;
  readonly pid: number | undefined;
  /** Answers the packet with this `requestId`. An answer that is late is ignored by the trainer. */
  reply(requestId: number, decision: Decision): void;
  /** Asks the trainer to end after the step it is in; its summary still comes. */
  stop(): void;
  /** Ends the process at once. */
  kill(): void;
  /** Resolves when the process is gone, with its exit code, or `undefined` after a signal. */
  readonly exited: Promise<number | undefined>;
}

/** What the child may know of our environment; secrets are not among it. */
const ENVIRONMENT = ['PATH', 'HOME', 'TMPDIR', 'TEMP', 'SystemRoot', 'LANG'] as const;
const STDERR_KEPT = 4096;

function command(): readonly string[] {
  const fromSource = import.meta.url.endsWith('.ts');
  if (!fromSource) return [fileURLToPath(new URL('./trainer-main.js', import.meta.url))];
  const tsx = createRequire(import.meta.url).resolve('tsx');
  const entry = fileURLToPath(new URL('../trainer-main.ts', import.meta.url));
  return ['--import', tsx, '--conditions=@esper/source', entry];
}

function startMessage(given: StartTrainer): HostMessage {
  const { faults, ...options } = given.options;
  return {
    type: 'start',
    protocol: CHANNEL_PROTOCOL,
    options: faults === undefined ? options : { ...options, faults: [...faults] },
    controlled: given.controlled ?? true,
    keys: (given.keys ?? []).map((key) => ({ ...key })),
    consumer: given.consumer ?? 'kasmina',
    ...(given.checkpointFolder === undefined ? {} : { checkpointFolder: given.checkpointFolder }),
  };
}

/** Starts a trainer process and its run. The process ends by itself when the host is gone. */
export function startTrainerProcess(given: StartTrainer): TrainerProcess {
  const env = Object.fromEntries(ENVIRONMENT.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : [])));
  const child = spawn(process.execPath, [...command()], { stdio: ['pipe', 'pipe', 'pipe'], env });
  let stderr = '';
  const exited = once(child, 'close').then(
    ([code]) => (typeof code === 'number' ? code : undefined),
    (cause: Error) => {
      stderr = cause.message;
      return undefined;
    },
  );
  child.stderr.on('data', (chunk: Uint8Array) => {
    stderr = (stderr + Buffer.from(chunk).toString('utf8')).slice(-STDERR_KEPT);
  });
  // A trainer that is gone breaks the pipe; the end of its messages says so.
  child.stdin.on('error', () => undefined);
  const send = (message: HostMessage) => {
    if (child.stdin.writable) child.stdin.write(frameOf(encodeHostMessage(message)));
  };
  send(startMessage(given));
  return {
    messages: readMessages(child.stdout, async () => {
      const code = await exited;
      return new HarnessError(
        'HARNESS_TRAINER_FAILED',
        `the trainer ended with ${code ?? 'a signal'}: ${stderr.trim()}`,
      );
    }),
    pid: child.pid,
    reply: (requestId, decision) =>
      send(
        decision.kind === 'command'
          ? { type: 'decision', requestId, bytes: decision.bytes }
          : { type: 'failure', requestId, code: decision.code },
      ),
    stop: () => send({ type: 'stop' }),
    kill: () => {
      child.kill('SIGKILL');
    },
    exited,
  };
}

async function* readMessages(
  stdout: Readable,
  unfinished: () => Promise<HarnessError>,
): AsyncGenerator<TrainerMessage> {
  const reader = new FrameReader();
  let finished = false;
  for await (const chunk of stdout) {
    for (const payload of reader.push(chunk as Uint8Array)) {
      const message = decodeTrainerMessage(payload);
      finished ||= message.type === 'summary' || message.type === 'failed';
      yield message;
    }
  }
  if (!finished) throw await unfinished();
}
