import { fleetPacket, type TrainerPackets } from './fleet-packet.js';
import { openScenarioHost, type ScenarioHost } from './scenario-host.js';
import type { FromSharedHost, RoundOrder, RoundResult, ToSharedHost } from './shared-host-messages.js';

/** A whole host in a process of its own, one of several on one Redis; it asks itself, so that no channel is measured. */
const SECRET = 'a secret of the scenario, long enough for any key';
/** A busy machine must not be taken for a Redis that is away. */
const PATIENT = { 'sharing.answerMs': 10_000, 'sharing.leaseMs': 20_000, 'inference.standbyCount': 0 };

let at: ScenarioHost | undefined;
let packets: TrainerPackets | undefined;
const say = (message: FromSharedHost): void => void process.send?.(message);

process.on('disconnect', () => process.exit(0));
process.on('message', (message: ToSharedHost) => {
  answer(message).catch((cause: unknown) => {
    say({ type: 'failed', message: cause instanceof Error ? (cause.stack ?? cause.message) : String(cause) });
  });
});

async function answer(message: ToSharedHost): Promise<void> {
  switch (message.type) {
    case 'open': {
      const { dataDir, name, redisUrl } = message;
      packets = message.packets;
      const environment = { REDIS_URL: redisUrl, ESPER_LEYLINE_SECRET: SECRET };
      at = await openScenarioHost(dataDir, { ...PATIENT, 'sharing.hostName': name }, environment);
      return say({ type: 'opened' });
    }
    case 'round':
      return say({ type: 'round', result: await playRound(message.order) });
    case 'close':
      await at?.host.close();
      return say({ type: 'closed' });
  }
}

async function playRound({ runs, round, lanes }: RoundOrder): Promise<RoundResult> {
  if (at === undefined || packets === undefined) throw new Error('the host is not open');
  const { host } = at;
  const ofTrainer = packets;
  const [ms, failed, sequences]: [number[], string[], [string, number][]] = [[], [], []];
  const decide = async (run: string): Promise<void> => {
    const askedAt = performance.now();
    const outcome = await host.decide(run, fleetPacket(ofTrainer, run, round));
    ms.push(performance.now() - askedAt);
    if (outcome.ok) sequences.push([run, outcome.value.identity.sequence]);
    else failed.push(outcome.error.code);
  };
  const lane = async (from: number): Promise<void> => {
    for (let which = from; which < runs.length; which += lanes) await decide(runs[which] as string);
  };
  await Promise.all(Array.from({ length: lanes }, (_, from) => lane(from)));
  return { ms, failed, sequences };
}
