import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Service } from '../../../apps/tamiyo/src/http/open-service.ts';
import type { SystemStatePacket } from '../../../packages/leyline/src/core/system-state-packet.ts';
import { buildPacket, buildSeed } from '../../../packages/testkit/src/index.ts';
import type { HostToOpen } from './drill-host.ts';

/** What a scene can do. */
export interface Stage {
  /** Opens a host where Prometheus looks; only one at a time. */
  open(host: HostToOpen): Promise<Service>;
  /** Does `work` again and again, and resolves once all `rules` have fired, or the time for it is over. */
  until(rules: readonly string[], work: () => Promise<void>): Promise<void>;
  /** A folder of its own. */
  folder(): Promise<string>;
  readonly port: number;
}

/** One fault, and which alerts it must make fire. */
export interface Scene {
  readonly name: string;
  /** What is really done to the host. */
  readonly fault: string;
  /** `Alert/rule`. */
  readonly fires: readonly string[];
  play(stage: Stage): Promise<void>;
}

const EVERY_MS = 20;

/** A stream of packets of one run, each a step later. */
export class Steps {
  readonly run: string = `run-${randomUUID().slice(0, 8)}`;
  #step = 0;

  next(overrides: Partial<SystemStatePacket> = {}): SystemStatePacket {
    this.#step += 1;
    const packet = buildPacket({
      trainingRunId: this.run,
      packetId: `${this.run}-${this.#step}`,
      globalStep: this.#step,
      // An empty place: the only kind a graft may go to.
      seedStates: [buildSeed({ stage: 'DORMANT' })],
    });
    const trainingMetrics = { ...packet.trainingMetrics, ...overrides.trainingMetrics };
    return { ...packet, ...overrides, trainingMetrics };
  }

  get taken(): number {
    return this.#step;
  }
}

/** One packet decided, whatever comes of it, and a breath. */
export async function step(service: Service, packet: SystemStatePacket): Promise<Uint8Array | undefined> {
  const outcome = await service.host.decide(packet.trainingRunId, packet);
  await delay(EVERY_MS);
  return outcome.ok ? outcome.value.bytes : undefined;
}
