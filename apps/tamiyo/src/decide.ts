import { ok, type Result } from '@esper/std';
import type { ArrowRunner } from './decision/arrows.js';
import type { ReceivedPacket } from './decision/received-packet.js';
import type { DecisionError } from './errors.js';
import type { DecisionStages, Delivered } from './stages/stages.js';

/**
 * One decision, left to right. Each arrow is one line; what it does is in `stages/`. Whatever goes wrong at any arrow ends
 * at the one failure boundary below: a typed error, and no command.
 */
export async function decide(
  received: ReceivedPacket,
  arrows: ArrowRunner,
  stages: DecisionStages,
): Promise<Result<Delivered, DecisionError>> {
  try {
    const packet = await arrows.run('validate', () => stages.validate(received));
    const resolved = await arrows.run('resolve', () => stages.resolve(packet));
    const observed = await arrows.run('observe', () => stages.observe(resolved));
    const inferred = await arrows.run('infer', () => stages.infer(observed));
    const decoded = await arrows.run('decode', () => stages.decode(inferred));
    const guarded = await arrows.run('guard', () => stages.guard(decoded));
    const assessed = await arrows.run('assess', () => stages.assess(guarded));
    const sealed = await arrows.run('seal', () => stages.seal(assessed));
    const recorded = await arrows.run('record', () => stages.record(sealed));
    return ok(stages.deliver(recorded));
  } catch (failure) {
    return stages.fail(failure);
  }
}
