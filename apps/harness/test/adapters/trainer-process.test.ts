import { tempFolder } from '@esper/testkit';
import { describe, expect, it } from 'vitest';
import {
  type StartTrainer,
  startTrainerProcess,
  type TrainerProcess,
} from '../../src/adapters/start-trainer-process.js';
import type { Decision } from '../../src/ports.js';
import type { TrainerMessage } from '../../src/wire/trainer-channel.js';
import { plainController, SealedHost, trainerKey } from '../support/sealed-host.js';
import { faults, SMALL } from '../support/small-run.js';

const options = { ...SMALL, trainingRunId: 'run-process', plannedSteps: 70 };

async function drive(
  start: StartTrainer,
  decide: (message: Extract<TrainerMessage, { type: 'packet' }>, trainer: TrainerProcess) => Decision | undefined,
) {
  const trainer = startTrainerProcess(start);
  const messages: TrainerMessage[] = [];
  for await (const message of trainer.messages) {
    messages.push(message);
    if (message.type !== 'packet') continue;
    const decision = decide(message, trainer);
    if (decision !== undefined) trainer.reply(message.requestId, decision);
  }
  const last = messages.at(-1);
  return { messages, code: await trainer.exited, summary: last?.type === 'summary' ? last.summary : undefined, last };
}

describe('a trainer process', () => {
  it('trains under a host with real signatures: grafts, is attacked, is spiked, is rolled back, and recovers', async () => {
    const host = new SealedHost('run-process');
    const controller = plainController(host, 'run-process');
    const folder = await tempFolder();
    const attacks = faults(
      'lr_spike@40+6=80',
      'forged_command@12',
      'altered_command@14',
      'replayed_command@16',
      'stale_command@18',
    );
    const { messages, summary, code } = await drive(
      { options: { ...options, faults: attacks }, keys: [trainerKey], checkpointFolder: folder.path },
      ({ packet }) => controller(packet),
    );
    await folder.remove();
    expect(code).toBe(0);
    expect(messages[0]).toMatchObject({ type: 'hello', trainingRunId: 'run-process', plannedSteps: 70 });
    expect(summary?.steps).toBe(70);
    expect(summary?.tally.rejected).toEqual({ invalid_signature: 2, nonce_replayed: 1, sequence_not_rising: 1 });
    expect(summary?.tally.restores).toMatchObject([{ tier: 'fast', atStep: 40 }]);
    expect(summary?.tally.seedStages).toMatchObject({ GERMINATED: 1, TRAINING: 1 });
    expect(summary?.finalAccuracy).toBeGreaterThan(0.4);
    const applied = Object.values(summary?.tally.applied ?? {}).reduce((sum, one) => sum + one, 0);
    expect(applied).toBe(67);
  });

  it('refuses every command when the key is another', async () => {
    const stranger = new SealedHost('run-process', new Uint8Array(32).fill(9));
    const { summary } = await drive({ options: { ...options, plannedSteps: 5 }, keys: [trainerKey] }, () =>
      stranger.seal({ version: 1, commandType: 'EMERGENCY', issuedBy: 'tamiyo', annotations: {} }),
    );
    expect(summary).toMatchObject({ steps: 5, tally: { applied: {}, rejected: { invalid_signature: 5 } } });
  });

  it('D-30: with failures and silence from the host it trains on, and an answer that is late is ignored', async () => {
    const host = new SealedHost('run-process');
    const late: { requestId: number; decision: Decision }[] = [];
    const { summary } = await drive(
      { options: { ...options, plannedSteps: 6, decisionTimeoutMs: 2500 }, keys: [trainerKey] },
      ({ requestId, packet }, trainer) => {
        if (packet.globalStep === 2) return { kind: 'failure', code: 'timeout_inference' };
        if (packet.globalStep === 3) {
          late.push({
            requestId,
            decision: host.seal({ version: 1, commandType: 'EMERGENCY', issuedBy: 't', annotations: {} }),
          });
          return undefined;
        }
        const belated = late.pop();
        if (belated !== undefined) trainer.reply(belated.requestId, belated.decision);
        return host.seal({ version: 1, commandType: 'OPTIMIZER', issuedBy: 't', annotations: {} });
      },
    );
    expect(summary?.steps).toBe(6);
    expect(summary?.halted).toBeUndefined();
    expect(summary?.tally.failures).toEqual({ timeout_inference: 1, decision_timeout: 1 });
    expect(summary?.tally.applied).toEqual({ OPTIMIZER: 4 });
  });

  it('stops when asked, with its summary', async () => {
    const { summary, code } = await drive({ options }, ({ packet }, trainer) => {
      if (packet.globalStep === 3) trainer.stop();
      return { kind: 'failure', code: 'x' };
    });
    expect(summary?.steps).toBe(3);
    expect(code).toBe(0);
  });

  it('says which option is wrong instead of starting', async () => {
    const { last, code } = await drive({ options: { ...options, plannedSteps: 0 } }, () => undefined);
    expect(last).toMatchObject({
      type: 'failed',
      code: 'HARNESS_OPTION_INVALID',
      message: expect.stringContaining('plannedSteps'),
    });
    expect(code).toBe(1);
  });

  it('a trainer that is killed ends the messages with an error, not with silence', async () => {
    const run = drive({ options }, (_, trainer) => {
      trainer.kill();
      return undefined;
    });
    await expect(run).rejects.toMatchObject({ code: 'HARNESS_TRAINER_FAILED' });
  });

  it('runs uncontrolled to its end and asks nothing', async () => {
    const { messages, summary } = await drive(
      { options: { ...options, plannedSteps: 10 }, controlled: false },
      () => undefined,
    );
    expect(messages.filter(({ type }) => type === 'packet')).toEqual([]);
    expect(summary?.steps).toBe(10);
  });
});
