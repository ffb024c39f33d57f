import { appendFileSync } from 'node:fs';
import { monoMs, unixMs } from '@esper/std';
import { createKeyRing, createReplayGuard, createVerifier, type Verifier } from '../../src/index.js';
import { hmacKey, openWatermarkFile } from '../../src/node.js';
import { makeKey } from '../support/fixtures.js';
import { sabotageOpened, sabotageReplay } from './replay-faults.js';

/** What the parent sends: first where to keep things, then commands, each with the time of both clocks. */
export type ToChild =
  | { readonly kind: 'open'; readonly path: string; readonly secret: Uint8Array; readonly sabotage: string | undefined }
  | {
      readonly kind: 'verify';
      readonly ticket: number;
      readonly bytes: Uint8Array;
      readonly wallMs: number;
      readonly monoMs: number;
    };

/** What the child answers. */
export type FromChild =
  | { readonly kind: 'ready' }
  | { readonly kind: 'verdict'; readonly ticket: number; readonly reason: string };

const time = { wallMs: 0, monoMs: 0 };
const clock = { wallMs: () => unixMs(time.wallMs), monoMs: () => monoMs(time.monoMs) };

let verifier: Promise<Verifier> | undefined;
let executedPath = '';

async function open(message: ToChild & { kind: 'open' }): Promise<Verifier> {
  executedPath = `${message.path}.executed`;
  const opened = sabotageOpened(message.sabotage, await openWatermarkFile(message.path));
  const replay = createReplayGuard({ clock, opened });
  return createVerifier({
    keyRing: createKeyRing([
      makeKey('key-a', { notBeforeMs: 0, notAfterMs: 2 ** 42, material: hmacKey(message.secret) }),
    ]),
    clock,
    replay: sabotageReplay(message.sabotage, replay),
    audience: { trainingRunId: 'any', consumer: 'kasmina' },
  });
}

/** Executing is writing the command's id down, at once, before anybody is told: a later life must not do it again. */
async function verify(message: ToChild & { kind: 'verify' }): Promise<void> {
  time.wallMs = message.wallMs;
  time.monoMs = message.monoMs;
  const result = await (await verifier)?.verify(message.bytes);
  if (result?.ok === true) appendFileSync(executedPath, `${result.value.commandId}\n`);
  const reason = result === undefined ? 'not open' : result.ok ? 'ok' : result.error.reason;
  process.send?.({ kind: 'verdict', ticket: message.ticket, reason } satisfies FromChild);
}

process.on('message', (message: ToChild) => {
  if (message.kind === 'open') {
    time.wallMs = 1;
    verifier = open(message);
    verifier.then(() => process.send?.({ kind: 'ready' } satisfies FromChild), fail);
  } else verify(message).catch(fail);
});
process.on('disconnect', () => process.exit(0));

function fail(error: unknown): void {
  process.stderr.write(`${String(error)}\n`);
  process.exit(3);
}
