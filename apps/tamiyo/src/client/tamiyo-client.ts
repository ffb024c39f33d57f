import type { Refusal, Verified } from '@esper/command-verifier';
import { type AdaptationCommand, encodeMessage, type SystemStatePacket } from '@esper/leyline';
import { elapsedMs, err, type MonoClock, type MonoMs, ok, type Result } from '@esper/std';
import { type ClientOptions, type ResolvedClientOptions, resolveClientOptions } from './client-options.js';
import { AnswerTooLong, Exchange, type Received } from './exchange.js';
import type { ClientFailure } from './failure.js';

/** Who tells whether bytes are a fresh command: `createVerifier` of `@esper/command-verifier`. */
export interface CommandGate {
  verify(bytes: Uint8Array): Promise<Result<Verified<AdaptationCommand>, Refusal>>;
}

/** What a client works with. */
export interface ClientParts {
  readonly options: ClientOptions;
  /** One verifier per run: its audience names the run. */
  readonly gateOf: (trainingRunId: string) => CommandGate;
  readonly clock: MonoClock;
}

/** How one decision is asked for. */
export interface AskOptions {
  /** Instead of the client's own [its `deadlineMs`]. */
  readonly deadlineMs?: number;
  readonly signal?: AbortSignal;
}

/** A command that was verified, and what the host says about it. */
export interface VerifiedDecision {
  readonly command: Verified<AdaptationCommand>;
  readonly decisionId: string;
  /** True when the host had answered this packet before. */
  readonly repeated: boolean;
  readonly attempts: number;
}

/** Asks a host for decisions and lets nothing through that was not verified. */
export interface TamiyoClient {
  /**
   * One decision for one packet. Never rejects for what the world does: an answer that is no verified command is a failure, of
   * a closed set of kinds. Throws `LeylineError` for a packet that is none.
   */
  decide(packet: SystemStatePacket, options?: AskOptions): Promise<Result<VerifiedDecision, ClientFailure>>;
  /** Closes the connections. Requests under way end as unreachable. */
  close(): void;
}

const COMMAND_MEDIA_TYPE = 'application/vnd.esper.command';
const ANSWER_BYTES_MAX = 262_144;

/** Throws `RangeError` for a bad option. */
export function createTamiyoClient(parts: ClientParts): TamiyoClient {
  const options = resolveClientOptions(parts.options);
  const exchange = new Exchange(options.address, options.connectionsMax);
  const work: Work = { parts, options, exchange };
  return {
    decide: async (packet, asked = {}) => {
      const deadlineMs = asked.deadlineMs ?? options.deadlineMs;
      const body = encodeMessage('SystemStatePacket', packet);
      return ask(work, { packet, body, deadlineMs, signal: asked.signal, startedAt: parts.clock.monoMs() });
    },
    close: () => exchange.close(),
  };
}

interface Work {
  readonly parts: ClientParts;
  readonly options: ResolvedClientOptions;
  readonly exchange: Exchange;
}

interface Asked {
  readonly packet: SystemStatePacket;
  readonly body: Uint8Array;
  readonly deadlineMs: number;
  readonly signal: AbortSignal | undefined;
  readonly startedAt: MonoMs;
}

/** Attempts until one is an answer, the time is over, or trying again is of no use. The packet id makes repeating harmless. */
async function ask(work: Work, asked: Asked): Promise<Result<VerifiedDecision, ClientFailure>> {
  for (let attempt = 1; ; attempt += 1) {
    const received = await attemptOnce(work, asked);
    if (received.ok) return accept(received.value, attempt, { work, asked });
    const again = mayRetry(received.error) && attempt < work.options.attemptsMax && leftMs(work, asked) > 0;
    if (!again) return received;
  }
}

const mayRetry = (failure: ClientFailure): boolean =>
  failure.kind === 'unreachable' || (failure.kind === 'problem' && failure.retryable);

const leftMs = ({ parts }: Work, { deadlineMs, startedAt }: Asked): number =>
  deadlineMs - elapsedMs(startedAt, parts.clock.monoMs());

async function attemptOnce(work: Work, asked: Asked): Promise<Result<Received, ClientFailure>> {
  const waitMs = leftMs(work, asked);
  if (waitMs <= 0) return late(work, asked);
  const timer = AbortSignal.timeout(Math.ceil(waitMs));
  const signal = asked.signal === undefined ? timer : AbortSignal.any([timer, asked.signal]);
  try {
    const received = await work.exchange.send({
      method: 'POST',
      path: `/v1/runs/${encodeURIComponent(asked.packet.trainingRunId)}/decisions`,
      headers: {
        authorization: `Bearer ${work.options.token}`,
        'content-type': 'application/vnd.msgpack',
        accept: COMMAND_MEDIA_TYPE,
        'tamiyo-deadline-ms': String(Math.max(1, Math.floor(waitMs))),
      },
      body: asked.body,
      signal,
      answerBytesMax: ANSWER_BYTES_MAX,
    });
    return received.status === 200 ? ok(received) : err(problemIn(received));
  } catch (cause) {
    if (asked.signal?.aborted === true) return err({ kind: 'cancelled' });
    if (timer.aborted) return late(work, asked);
    return err(cause instanceof AnswerTooLong ? invalid(cause.message) : { kind: 'unreachable', cause });
  }
}

const late = (work: Work, asked: Asked): Result<never, ClientFailure> =>
  err({
    kind: 'deadline',
    deadlineMs: asked.deadlineMs,
    elapsedMs: elapsedMs(asked.startedAt, work.parts.clock.monoMs()),
  });

const invalid = (detail: string): ClientFailure => ({ kind: 'answer_invalid', detail });

async function accept(
  received: Received,
  attempts: number,
  { work, asked }: { readonly work: Work; readonly asked: Asked },
): Promise<Result<VerifiedDecision, ClientFailure>> {
  const { headers, body } = received;
  if (headers['content-type'] !== COMMAND_MEDIA_TYPE) return err(invalid('the answer is no sealed command'));
  const verified = await work.parts.gateOf(asked.packet.trainingRunId).verify(body);
  if (!verified.ok) return err({ kind: 'command_refused', refusal: verified.error });
  return ok({
    command: verified.value,
    decisionId: textOf(headers['tamiyo-decision-id']),
    repeated: textOf(headers['tamiyo-repeated']) === 'true',
    attempts,
  });
}

const textOf = (value: string | string[] | undefined): string => (typeof value === 'string' ? value : '');

function problemIn({ status, headers, body }: Received): ClientFailure {
  if (headers['content-type'] !== 'application/problem+json') return invalid(`status ${status} without a problem`);
  const problem = parsed(body);
  if (typeof problem?.['code'] !== 'string') return invalid(`status ${status} with a problem that has no code`);
  const text = (name: string): string => (typeof problem[name] === 'string' ? problem[name] : '');
  return {
    kind: 'problem',
    status,
    code: problem['code'],
    detail: text('detail'),
    next: text('next'),
    retryable: problem['retryable'] === true,
    ...(typeof problem['reason'] === 'string' ? { reason: problem['reason'] } : {}),
  };
}

function parsed(body: Uint8Array): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    // Told as an answer that is not understood.
    return undefined;
  }
}
