import { z } from 'zod';
import { knob, ms, whole } from './knob.js';

const HOUR_MS = 3_600_000;

/** What is kept and sent: the log, field reports, telemetry; and the flags that are only flags. */
export const KEEPING_KNOBS = {
  'wal.durability': knob('TAMIYO_WAL_DURABILITY', z.enum(['durable', 'written']), {
    default: 'durable',
    changes: 'written skips fdatasync: for harnesses only (FF-04).',
  }),
  'wal.strict': knob('TAMIYO_WAL_STRICT_VALIDATION', z.boolean(), {
    default: true,
    changes: 'Refuses to start on a log with rot; off starts and reports it (FF-03).',
  }),
  'wal.rewrite': knob('TAMIYO_WAL_REWRITE', z.enum(['on', 'shadow', 'off']), {
    default: 'on',
    changes: 'Whether retention and repair may cut files: on, only report (shadow), or not even look (FF-02).',
  }),
  'reports.retentionHours': knob('TAMIYO_FIELD_REPORT_RETENTION_HOURS', z.number().positive().max(87_600), {
    default: 24,
    changes: 'How long decisions and their field reports stay in the log, in hours.',
  }),
  'reports.retriesMax': knob('TAMIYO_FIELD_REPORT_MAX_RETRIES', whole(0, 1_000_000), {
    default: 3,
    changes: 'Failed publishes after which a field report is tried again; the next one drops it.',
  }),
  'reports.windowEpochs': knob('TAMIYO_FR_OBS_WINDOW_EPOCHS', whole(1, 10_000), {
    default: 3,
    changes: 'Epochs that a decision is observed for; 1 turns synthesis off.',
  }),
  'reports.backoffMs': knob('TAMIYO_FR_RETRY_BACKOFF_MS', ms(HOUR_MS), {
    default: 1_000,
    changes: 'Pause after the first failed publish of a field report, in milliseconds.',
  }),
  'reports.backoffMultiplier': knob('TAMIYO_FR_RETRY_BACKOFF_MULT', z.number().min(1).max(1_000), {
    default: 2,
    changes: 'What each further failed publish multiplies the pause by.',
  }),
  'telemetry.emergencyPerMinuteMax': knob('OONA_EMERGENCY_MAX_PER_MIN', whole(0, 1_000_000), {
    default: 120,
    changes: 'Emergency messages per minute; what comes faster is told in summaries. 0 switches the limit off.',
  }),
  'flags.pauseFallback': knob('TAMIYO_PAUSE_FALLBACK', z.boolean(), {
    default: false,
    changes: 'Test only (FF-01): a timeout answers with a signed PAUSE. Refused in production.',
  }),
  'flags.guardRelaxed': knob('TAMIYO_GUARD_RELAXED', z.boolean(), {
    default: false,
    changes: 'A SEED may name a blueprint the catalogue does not know (FF-05); ends by itself.',
  }),
  'flags.confidenceGate': knob('TAMIYO_CONFIDENCE_GATE', z.enum(['refuse', 'hold']), {
    default: 'refuse',
    changes: 'A confidence blend without logits fails the decision, or becomes a PAUSE (FF-06).',
  }),
  'flags.until': knob('TAMIYO_FLAGS_UNTIL', z.union([z.literal(''), z.iso.datetime({ offset: true })]), {
    default: '',
    changes:
      'When FF-01, FF-04 and FF-05 end, as an ISO 8601 time; empty means 24 hours after the start, at most a week.',
  }),
} as const;
