import { z } from 'zod';
import { KPIS, type KpiName } from '../core/kpi-table.js';

/** A measured value. JSON has no NaN: one that is no number is `null`. */
const measured = z.number().nullable().describe('null where the measured value was no number');
const whole = z.int().min(0);

const step = z.strictObject({
  step: whole,
  loss: measured,
  validationLoss: measured,
  validationAccuracy: measured,
  stepMs: measured,
  paused: z.boolean(),
});
const decision = z.strictObject({
  step: whole,
  proposed: z.string(),
  command: z.string(),
  reason: z.string(),
  conservative: z.boolean(),
  totalMs: z.number(),
  inferenceMs: z.number(),
  arrows: z.record(z.string(), z.number()),
  signals: z.array(
    z.strictObject({ signal: z.string(), value: measured, threshold: measured, ratio: measured, passed: z.boolean() }),
  ),
  breakersOpen: z.array(z.string()),
});
const recording = z.strictObject({
  trainingRunId: z.string(),
  steps: z.array(step),
  decisions: z.array(decision),
  failures: z.array(
    z.strictObject({ step: whole, code: z.string(), waitedMs: z.number(), breakersOpen: z.array(z.string()) }),
  ),
  marks: z.array(z.strictObject({ step: whole, name: z.string(), detail: z.string() })),
  samples: z.array(
    z.strictObject({
      seconds: z.number(),
      rssBytes: z.number(),
      eventLoopDelayMs: z.number(),
      telemetryQueued: z.number(),
      pending: z.number(),
    }),
  ),
});

const kpiNames = Object.keys(KPIS) as [KpiName, ...KpiName[]];

/** `<scenario>_metrics.json`, version 1. */
export const reportSchema = z
  .strictObject({
    format: z.literal('esper-scenario-metrics-1'),
    scenario: z.string(),
    about: z.string(),
    seed: whole,
    startedAt: z.iso.datetime(),
    seconds: z.number(),
    passed: z.boolean(),
    assertions: z.array(z.strictObject({ name: z.string(), held: z.boolean(), seen: z.string() })),
    kpis: z.partialRecord(z.enum(kpiNames), z.number()),
    extra: z.record(z.string(), z.unknown()),
    environment: z.strictObject({
      node: z.string(),
      platform: z.string(),
      arch: z.string(),
      cpu: z.string(),
      cores: whole,
      memoryBytes: z.number(),
      versions: z.record(z.string(), z.string()),
      loadAverage: z.number(),
    }),
    recordings: z.array(recording),
  })
  .meta({ title: 'Metrics of one scenario', description: 'Written by `pnpm harness run <scenario> --report DIR`.' });

export type ScenarioReport = z.infer<typeof reportSchema>;

/** The schema of the metrics file as JSON Schema (draft 2020-12), for readers in other languages. */
export const reportJsonSchema = (): object => z.toJSONSchema(reportSchema);
