import { createSealer } from '@esper/command-verifier';
import { randomIds } from '@esper/command-verifier/node';
import { decodeMessage, type SystemStatePacket } from '@esper/leyline';
import type { RegistryError } from '@esper/registry';
import { resolveRiskConfig } from '@esper/risk-engine';
import { err, ok, type Result } from '@esper/std';
import { systemClock } from '@esper/std/node';
import { buildDraft, buildReport } from '@esper/testkit';
import { DecisionError, type TamiyoError } from '../../src/errors.js';
import type {
  DecideOptions,
  DecisionHost,
  DecisionView,
  HostEvent,
  Readiness,
  RunView,
} from '../../src/host/decision-host.js';
import type { OperatorAction } from '../../src/host/operator-action.js';
import type { OrderPolicy, PolicyOrder } from '../../src/host/policy-order.js';
import { newRunState, type RunState } from '../../src/runs/run-state.js';
import type { Delivered } from '../../src/stages/stages.js';
import { UnreadablePacket } from '../../src/stages/unreadable-packet.js';
import { httpKeyRing } from './test-keys.js';

/** One call of `decide`, as the host saw it. */
export interface Asked {
  readonly trainingRunId: string;
  readonly input: unknown;
  readonly options: DecideOptions | undefined;
}

/** A host under the test's hand: it seals a PAUSE for every packet, at once or when told to, or fails as told. */
export class FakeHost implements Omit<DecisionHost, 'close'> {
  readonly asked: Asked[] = [];
  readonly orders: OperatorAction[] = [];
  readonly policyOrders: PolicyOrder[] = [];
  /** What orders for policies are refused with. */
  refusingPolicy: RegistryError | undefined;
  readonly decisions = new Map<string, DecisionView>();
  readonly runs = new Map<string, RunState>();
  ready: Readiness = { ready: true, state: 'serving', checks: [{ name: 'log', ok: true, detail: '' }] };
  /** While set, decisions wait for it. */
  gate: Promise<void> | undefined;
  failing: DecisionError | undefined;
  /** What orders are refused with. */
  refusing: TamiyoError | undefined;
  /** Thrown instead of a result: a bug of the host. */
  throwing: Error | undefined;
  readonly #listeners = new Set<(event: HostEvent) => void>();
  readonly #sealer = createSealer({ keyRing: httpKeyRing(), clock: systemClock, ids: randomIds });
  #sequence = 0;

  async decide(
    trainingRunId: string,
    input: unknown,
    options?: DecideOptions,
  ): Promise<Result<Delivered, DecisionError>> {
    this.asked.push({ trainingRunId, input, options });
    if (this.throwing !== undefined) throw this.throwing;
    if (this.failing !== undefined) return err(this.failing);
    const packet = packetOf(input);
    if (packet === undefined) return err(new DecisionError('PACKET_INVALID', 'the packet is refused: $: no packet'));
    await this.gate;
    return ok(this.#delivered(trainingRunId));
  }

  async decision(decisionId: string): Promise<DecisionView | undefined> {
    return this.decisions.get(decisionId);
  }

  run(trainingRunId: string): RunView | undefined {
    const state = this.runs.get(trainingRunId);
    return state === undefined ? undefined : { trainingRunId, state, pending: 0 };
  }

  runIds(): readonly string[] {
    return [...this.runs.keys()];
  }

  async operate(action: OperatorAction): Promise<Result<RunView, TamiyoError>> {
    this.orders.push(action);
    if (this.refusing !== undefined) return err(this.refusing);
    const { trainingRunId } = action;
    const state = this.runs.get(trainingRunId) ?? newRunState(resolveRiskConfig());
    this.runs.set(trainingRunId, state);
    return ok({ trainingRunId, state, pending: 0 });
  }

  async orderPolicy(order: PolicyOrder): ReturnType<OrderPolicy> {
    this.policyOrders.push(order);
    if (this.refusingPolicy !== undefined) return err(this.refusingPolicy);
    const standing = order.kind === 'stage' ? 'staged' : 'active';
    return ok({ kind: order.kind, policyId: 'p', policyVersion: 1, digest: 'a'.repeat(64), standing });
  }

  subscribe(listener: (event: HostEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  get listenerCount(): number {
    return this.#listeners.size;
  }

  tell(event: HostEvent): void {
    for (const listener of this.#listeners) listener(event);
  }

  readiness(): Readiness {
    return this.ready;
  }

  #delivered(trainingRunId: string): Delivered {
    this.#sequence += 1;
    const draft = buildDraft({ commandType: 'PAUSE' });
    const { bytes, identity } = this.#sealer.seal(draft, {
      trainingRunId,
      consumer: 'kasmina',
      issuerEpoch: 1,
      sequence: this.#sequence,
      expiresInMs: 60_000,
    });
    const decisionId = `00000000-0000-4000-8000-${String(this.#sequence).padStart(12, '0')}`;
    this.runs.set(trainingRunId, this.runs.get(trainingRunId) ?? newRunState(resolveRiskConfig()));
    return {
      decisionId,
      bytes,
      identity,
      command: draft,
      proposed: draft,
      assessment: { reason: 'policy', changed: false, conservative: false } as Delivered['assessment'],
      spans: [],
      totalMs: 1,
      inferenceMs: 0.5,
      repeated: false,
    };
  }
}

function packetOf(input: unknown): SystemStatePacket | undefined {
  if (input instanceof UnreadablePacket) return undefined;
  if (!(input instanceof Uint8Array)) return input as SystemStatePacket;
  const decoded = decodeMessage('SystemStatePacket', input);
  return decoded.ok ? decoded.value : undefined;
}

/** A decision record for a fake host to hold. */
export const storedDecision = (decisionId: string, delivered: Delivered, packet: SystemStatePacket): DecisionView => ({
  withheld: false,
  record: {
    kind: 'decision',
    decisionId,
    trainingRunId: packet.trainingRunId,
    packetId: packet.packetId,
    atMs: 1_700_000_000_000,
    packet,
    proposed: delivered.proposed,
    command: delivered.command,
    identity: delivered.identity,
    bytes: delivered.bytes,
    findings: [],
    deciding: 'policy',
    fieldReport: buildReport(),
    spans: [],
    digests: { policy: 'a'.repeat(64), config: 'c'.repeat(64) },
    stateAfter: newRunState(resolveRiskConfig()),
  } as unknown as DecisionView['record'],
});
