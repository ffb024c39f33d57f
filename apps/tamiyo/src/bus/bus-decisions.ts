import { type BusEnvelope, decodeMessage } from '@esper/leyline';
import type { Bus, Delivery } from '@esper/oona';
import type { WallClock } from '@esper/std';
import type { Timers } from '../decision/deadline.js';
import { type DecisionError, TamiyoError, type TamiyoErrorCode } from '../errors.js';
import type { DecisionHost } from '../host/decision-host.js';
import type { Delivered } from '../stages/stages.js';

/** What the bus channel joins. */
export interface BusDecisionParts {
  readonly bus: Pick<Bus, 'subscribe' | 'publish'>;
  readonly host: Pick<DecisionHost, 'decide'>;
  readonly clock: WallClock;
  readonly timers: Timers;
}

/** The longest wait for another host's lease: below the deadline that the bus gives a handler. */
const WAIT_MS_MAX = 20_000;
const STREAM = 'oona.normal';
/** All hosts on one bus share the group: a packet is decided by one of them. */
export const DECISION_GROUP = 'tamiyo-decisions';
/** Failures after which another host, or this one later, may still answer the packet. */
const LATER: ReadonlySet<TamiyoErrorCode> = new Set([
  'SHUTTING_DOWN',
  'RUN_QUEUE_FULL',
  'TOO_MANY_RUNS',
  'RUN_ELSEWHERE',
  'LEASE_LOST',
  'LEDGER_UNAVAILABLE',
]);

/**
 * Answers packets that come over the bus with the same decisions as the step API (DP-18: opt-in). A message is acknowledged
 * once its command is durable on the bus; delivered again, it gets the recorded bytes under the same message id. The returned
 * function takes no further packet and waits for the one in hand.
 */
export async function openBusDecisions(parts: BusDecisionParts): Promise<() => Promise<void>> {
  const subscription = await parts.bus.subscribe(STREAM, DECISION_GROUP, (delivery) => answer(delivery, parts));
  return () => subscription.close();
}

async function answer({ envelope }: Delivery, parts: BusDecisionParts): Promise<void> {
  // The stream carries other messages too, field reports above all: they are none of ours.
  if (envelope.messageType !== 'SYSTEM_STATE') return;
  const runId = runIdOf(envelope);
  const leftMs = timeLeftMs(envelope, parts.clock);
  // Whoever sent it has gone on without a command: deciding now would change the run's state for nothing.
  if (leftMs !== undefined && leftMs <= 0) return;
  const outcome = await decideWhenFree(runId, envelope, parts);
  if (outcome.ok) return publish(outcome.value, envelope, parts);
  // A failure is told by telemetry, with run and packet id; there is no command, so nothing is sent in its place.
  if (mayComeAgain(outcome.error)) throw outcome.error;
}

/** The host that had the run may have died while it decided: attempts are few, and its lease may be longer than they last. */
async function decideWhenFree(runId: string, envelope: BusEnvelope, parts: BusDecisionParts) {
  const outcome = await decide(runId, envelope, parts);
  const busyMs = outcome.ok ? 0 : Number(outcome.error.facts.attributes['left_ms'] ?? 0);
  if (busyMs === 0 || busyMs >= (timeLeftMs(envelope, parts.clock) ?? Number.POSITIVE_INFINITY)) return outcome;
  await new Promise<void>((resolve) => void parts.timers.after(Math.min(busyMs, WAIT_MS_MAX), resolve));
  return decide(runId, envelope, parts);
}

function decide(runId: string, envelope: BusEnvelope, { host, clock }: BusDecisionParts) {
  const leftMs = timeLeftMs(envelope, clock);
  return host.decide(runId, envelope.payload, leftMs === undefined ? {} : { deadlineMs: Math.max(0, leftMs) });
}

const mayComeAgain = ({ code }: DecisionError): boolean => LATER.has(code);

/** The sender's deadline, counted from when it sent; absent without one. */
function timeLeftMs({ attributes, sentAtMs }: BusEnvelope, clock: WallClock): number | undefined {
  const text = attributes['deadline_ms'];
  if (text === undefined || !/^\d{1,6}$/.test(text)) return undefined;
  return sentAtMs + Number(text) - clock.wallMs();
}

/** The run of the attributes, else of the packet. Where there is neither, the decision refuses the packet and says so. */
function runIdOf({ attributes, payload }: BusEnvelope): string {
  const named = attributes['training_run_id'];
  if (named !== undefined) return named;
  const packet = decodeMessage('SystemStatePacket', payload);
  return packet.ok ? packet.value.trainingRunId : 'unknown';
}

async function publish(delivered: Delivered, request: BusEnvelope, { bus, clock }: BusDecisionParts): Promise<void> {
  const { identity, bytes, decisionId } = delivered;
  const published = await bus.publish(STREAM, {
    version: 1,
    messageType: 'ADAPTATION_COMMAND',
    // The same command again has the same id: the bus knows it.
    messageId: `command-${identity.commandId}`,
    priority: 'HIGH',
    sentAtMs: clock.wallMs(),
    payload: bytes,
    attributes: {
      training_run_id: identity.trainingRunId,
      in_reply_to: request.messageId,
      decision_id: decisionId,
      source: 'tamiyo',
    },
  });
  // Not acknowledged: it comes again, and gets the same bytes.
  if (!published.ok)
    throw new TamiyoError('RECORD_FAILED', `the bus did not take the command: ${published.error.code}`);
}
