import type { ReceivedPacket } from '../decision/received-packet.js';
import { DecisionError } from '../errors.js';
import { deliver } from './deliver.js';
import { fail } from './fail.js';
import { inferOutputs } from './infer.js';
import { assessCommand, decodeOutputs, guardCommand, observePacket } from './judge.js';
import type { ActivePolicy, DecisionParts, DecisionSession, StageAt } from './parts.js';
import { resolveBlueprints } from './resolve.js';
import { recordDecision, sealCommand } from './seal-and-record.js';
import type { DecisionStages, Validated } from './stages.js';
import { takeTurn } from './take-turn.js';

/** The stages of one decision: each joins the package that does the work to the session of this decision. */
export function createStages(session: DecisionSession, parts: DecisionParts): DecisionStages {
  const at = { session, parts };
  // Taken once, so that a decision never mixes two policies.
  const policy = activePolicy(parts);
  return {
    validate: (received) => validate(received, at),
    resolve: (from) => resolveBlueprints(from, session, parts),
    observe: async (from) => {
      await takeTurn(at);
      return observePacket(from, policy(), at);
    },
    infer: (from) => inferOutputs(from, policy(), at).finally(() => session.leaveTurn?.()),
    decode: (from) => decodeOutputs(from, policy(), at),
    guard: (from) => guardCommand(from, at),
    assess: (from) => assessCommand(from, policy(), at),
    seal: (from) => sealCommand(from, at),
    record: (from) => recordDecision(from, policy(), at),
    deliver: (from) => deliver(from, at),
    fail: (failure) => fail(failure, at),
  };
}

function activePolicy(parts: DecisionParts): () => ActivePolicy {
  const active = parts.policy();
  return () => {
    if (active.ok) return active.value;
    throw new DecisionError('INFERENCE_UNAVAILABLE', `there is no usable policy: ${active.error}`, {
      reason: 'inference_unavailable',
    });
  };
}

/** From here on the session knows which packet it is about. */
function validate(received: ReceivedPacket, { session }: StageAt): Validated {
  const packet = received.read();
  session.about = { ...session.about, packetId: packet.packetId };
  session.packet = packet;
  return { packet };
}
