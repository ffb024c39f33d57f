import type { Deviation } from './vector-values.js';

/** Every deliberate difference of this package from the prototype. */
export const deviations: readonly Deviation[] = [
  {
    id: 'DEV-FR-01',
    rule: 'A report is named after its command, `fr-<commandId>`, not after the length of a list.',
    why: 'The prototype gives one id to many reports and then publishes only the first (D-01).',
    recognisedBy: 'Every report. Expected: `fr-` and the command id of the input.',
  },
  {
    id: 'DEV-FR-02',
    rule: 'A command without id or issue time, or a decision without a run, makes no report: it is refused.',
    why: 'Placeholders such as `run-unknown` make different runs one, and a time of 0 never expires (FR-09, D-09).',
    recognisedBy: 'An input that lacks one of the three. Expected: FIELD_REPORT_INVALID; in windows, no window.',
  },
  {
    id: 'DEV-FR-03',
    rule: 'Success is only a command that went out as proposed with nothing against it.',
    why: 'The prototype calls pauses and downgrades for risk a success (D-13b).',
    recognisedBy:
      'Recorded SUCCESS with a PAUSE, no command type, or a reason other than none or `policy`. Expected: NEUTRAL.',
  },
  {
    id: 'DEV-FR-04',
    rule: 'Metrics are finite. What was not is left out and counted; an unknown loss change is 0 and marked as unknown.',
    why: 'A NaN in a report poisons whoever learns from it.',
    recognisedBy:
      'A non-finite value in the input. Expected: the recorded names without it, `non_finite`, `loss_delta_known`.',
  },
  {
    id: 'DEV-FR-10',
    rule: 'A window observes its own run alone.',
    why: 'The prototype adds the losses of run B to a window of run A (D-14b).',
    recognisedBy: 'Steps of more than one run. Expected: a sum over the later steps of the same run.',
  },
  {
    id: 'DEV-FR-11',
    rule: 'A window counts epochs, and leaves out the decision that opened it.',
    why: 'The prototype counts evaluations, the issuing one included, whose loss was measured before the command (D-14).',
    recognisedBy:
      'Every window. Expected: the steps after the issuing one, up to the first whose epoch is start + target.',
  },
  {
    id: 'DEV-FR-12',
    rule: 'A loss change that is no finite number makes a regression and stays out of the aggregates.',
    why: 'Training that diverges is reported as neutral by the prototype.',
    recognisedBy:
      'A non-finite loss change in an observed step. Expected: REGRESSION, aggregates over the finite ones.',
  },
  {
    id: 'DEV-FR-20',
    rule: 'Side files have strict types: what does not fit is left out and reported, never converted.',
    why: 'The prototype loads the text `false` as true and a missing minimum as 0 (D-12b, D-12c).',
    recognisedBy:
      'A field of another type, or an absent one. Expected: the fields that fit, and a problem per field that does not.',
  },
  {
    id: 'DEV-FR-21',
    rule: 'A side file that cannot be read is a problem, not an empty file.',
    why: 'The prototype then publishes everything again, in silence (D-12).',
    recognisedBy: 'A file that is no JSON object in UTF-8. Expected: no entries and one problem.',
  },
  {
    id: 'DEV-FR-30',
    rule: 'Reading the old log goes on behind damage, at the next whole report.',
    why: 'The prototype gives up at the first damaged report and loses everything behind it (D-08).',
    recognisedBy: 'A recorded load error. Expected: the recorded reports, then every whole report found behind.',
  },
  {
    id: 'DEV-FR-31',
    rule: 'A record of length 0 is no report.',
    why: 'A zeroed tail of 4 KiB is 1,024 phantom reports for the prototype.',
    recognisedBy: 'A length of 0. Expected: one problem each, no report.',
  },
  {
    id: 'DEV-FR-32',
    rule: 'Issue times that are absent, out of range or in the future are reported; the report is kept, undated.',
    why: 'The prototype takes absent for now, keeps the future for ever, and crashes out of range (D-09).',
    recognisedBy: 'Such a time. Expected: the report, and a problem.',
  },
  {
    id: 'DEV-FR-33',
    rule: 'A retention of zero hours is refused.',
    why: 'The prototype then deletes the whole log (WA-05).',
    recognisedBy: 'Retention of 0 hours. Expected: every report is kept.',
  },
  {
    id: 'DEV-FR-34',
    rule: 'Two reports of one id are reported, and both kept.',
    why: 'Ids of the prototype repeat; the second report may be another one (D-01).',
    recognisedBy: 'An id that occurs before in the file. Expected: a problem, no loss.',
  },
];
