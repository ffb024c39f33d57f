import { createKeyRing, createSealer, type Sealer } from '@esper/command-verifier';
import { hmacKey, randomIds } from '@esper/command-verifier/node';
import type { CommandDraft, SystemStatePacket } from '@esper/leyline';
import { systemClock } from '@esper/std/node';
import type { TrainerKey } from '../../src/adapters/start-trainer-process.js';
import type { Decision } from '../../src/ports.js';

export const secret = Uint8Array.from({ length: 32 }, (_, at) => (at * 29 + 5) & 0xff);
export const trainerKey: TrainerKey = { keyId: 'demo-1', algorithm: 'hmac-sha256', key: secret };

/** A host that follows a script and seals with the real sealer. */
export class SealedHost {
  readonly #sealer: Sealer;
  readonly #trainingRunId: string;
  #sequence = 0;

  constructor(trainingRunId: string, key: Uint8Array = secret) {
    this.#trainingRunId = trainingRunId;
    const material = hmacKey(key);
    const dates = { createdAtMs: 0, notBeforeMs: 0, notAfterMs: systemClock.wallMs() + 86_400_000 };
    this.#sealer = createSealer({
      keyRing: createKeyRing([{ keyId: trainerKey.keyId, state: 'current', ...dates, material }]),
      clock: systemClock,
      ids: randomIds,
    });
  }

  seal(draft: CommandDraft): Decision {
    this.#sequence += 1;
    const { bytes } = this.#sealer.seal(draft, {
      trainingRunId: this.#trainingRunId,
      consumer: 'kasmina',
      issuerEpoch: 1,
      sequence: this.#sequence,
      expiresInMs: 60_000,
    });
    return { kind: 'command', bytes };
  }
}

/** A plain controller: seeds early, rolls back on a jump of the loss, otherwise keeps the optimizer as it is. */
export function plainController(host: SealedHost, trainingRunId: string) {
  let previous: number | undefined;
  return (packet: SystemStatePacket): Decision => {
    const loss = Number(packet.validationLoss);
    const jumped = previous !== undefined && !(loss - previous <= 0.5);
    previous = loss;
    const base = { version: 1, issuedBy: 'tamiyo', annotations: {} } as const;
    if (jumped)
      return host.seal({ ...base, commandType: 'ROLLBACK', rollback: { tier: 'fast', reason: 'loss_spike' } });
    if (packet.globalStep === 5) {
      return host.seal({
        ...base,
        commandType: 'SEED',
        targetSeedId: 'seed-fc2-a',
        seedOperation: { operation: 'GERMINATE', blueprintId: 'bp-residual-narrow', parameters: { alpha: 0.1 } },
        annotations: { training_run_id: trainingRunId, mesh_host_layers: '["fc2.weight","fc2.bias"]' },
        decision: { blend: { shape: 'cosine', scheduleStart: 0.3, scheduleEnd: 0.6, mode: 'CONVEX' } },
      });
    }
    return host.seal({ ...base, commandType: 'OPTIMIZER' });
  };
}
