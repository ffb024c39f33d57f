import type { InferenceHost } from '../../src/ports.js';
import type { RuntimeMaker } from '../../src/shell/hosting/runtime.js';
import { childrenOf } from '../hosts/child-processes.js';

/** A way to break an isolated host. Each must be noticed by the drill. */
export interface HangFault {
  readonly means: string;
  readonly standbyCount?: number;
  readonly maker?: (maker: RuntimeMaker) => RuntimeMaker;
  readonly host?: (host: InferenceHost) => InferenceHost;
}

const changed = (host: InferenceHost, infer: InferenceHost['infer']): InferenceHost => ({
  infer,
  readyCount: () => host.readyCount(),
  close: () => host.close(),
});

function blockEventLoop(ms: number): void {
  const endAt = performance.now() + ms;
  while (performance.now() < endAt);
}

/** Each fault, made so that it delays by `clearlyMs` where it delays. */
export const HANG_FAULTS: Readonly<Record<string, (clearlyMs: number) => HangFault>> = {
  'deadline-stretched': (clearlyMs) => ({
    means: 'the host waits longer than it was told',
    host: (host) => changed(host, (inputs, deadlineMs) => host.infer(inputs, deadlineMs + clearlyMs)),
  }),
  'overdue-not-killed': () => ({
    means: 'an overdue process is forgotten instead of killed, and keeps its core',
    maker: (maker) => ({
      overdue: 'kill',
      start: () => {
        const runtime = maker.start();
        let stops = 0;
        // The second stop is the one of `close`, so that the drill itself leaves nothing behind.
        const stop = (): void => {
          stops += 1;
          if (stops > 1) runtime.stop();
        };
        return { started: runtime.started, ended: runtime.ended, run: (inputs) => runtime.run(inputs), stop };
      },
    }),
  }),
  'no-standby': () => ({ means: 'nothing is warm when the first runtime is lost', standbyCount: 0 }),
  'late-answer': () => ({
    means: 'a call that is overdue is answered all the same, late',
    host: (host) =>
      changed(host, async (inputs, deadlineMs) => {
        const reply = await host.infer(inputs, deadlineMs);
        if (reply.ok || reply.error.code !== 'inference_timeout') return reply;
        await new Promise((resolve) => setTimeout(resolve, 5));
        return { ok: true, value: { outputs: {}, runMs: 0, totalMs: deadlineMs + 5 } };
      }),
  }),
  'children-crash': () => ({
    means: 'a child dies now and then although nobody ordered it',
    host: (host) => {
      let calls = 0;
      return changed(host, (inputs, deadlineMs) => {
        calls += 1;
        const reply = host.infer(inputs, deadlineMs);
        if (calls === 4) for (const pid of childrenOf(process.pid)) process.kill(pid, 'SIGKILL');
        return reply;
      });
    },
  }),
  'event-loop-blocked': (clearlyMs) => ({
    means: 'something holds the event loop just when the deadline is due',
    host: (host) =>
      changed(host, (inputs, deadlineMs) => {
        // Set before the host's own timer of the same length, so it comes before it.
        const timer = setTimeout(() => blockEventLoop(60 + clearlyMs), deadlineMs);
        return host.infer(inputs, deadlineMs).finally(() => clearTimeout(timer));
      }),
  }),
};
