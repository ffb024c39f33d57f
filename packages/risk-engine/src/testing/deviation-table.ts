/** One deliberate difference from the prototype. */
export interface Deviation {
  readonly id: string;
  /** What we do, in one sentence. */
  readonly rule: string;
  /** Why it differs. */
  readonly why: string;
  /** Which input it shows on, and what the expected value is computed from. */
  readonly recognisedBy: string;
}

/** Every deliberate difference of the risk engine. The naive model computes each one's expected values. */
export const deviations = [
  {
    id: 'DEV-RE-01',
    rule: 'The gravest finding decides command and reason; among equals entering conservative mode, then the event level, then observation before standing mode, then table order.',
    why: 'In the prototype the evaluator that runs last wins, so a slow step hides a quarantine (D-20e, RE-09).',
    recognisedBy:
      'Two or more findings act, or a finding acts where the proposal carried a reason. Type and reason are folded from the findings of the line.',
  },
  {
    id: 'DEV-RE-02',
    rule: 'Every evaluator judges the proposal and the mode as they were before the decision.',
    why: 'In the prototype an earlier evaluator that has turned the SEED into something else silences later ones, and one that enters the mode makes the next announce a pause, so findings depend on order (RE-02, RE-08).',
    recognisedBy:
      'A SEED that an earlier evaluator changes, or the mode entered by policy risk. The silenced findings are computed from the metrics of the line.',
  },
  {
    id: 'DEV-RE-03',
    rule: 'A timed-out call asks for a pause with its own event and silences nothing.',
    why: 'In the prototype a timeout leaves the SEED alone and switches off the checks of mode and loss (D-19, FF-01).',
    recognisedBy: 'timed_out or blueprint_timeout is set.',
  },
  {
    id: 'DEV-RE-04',
    rule: 'Conservative mode stays on until enough good decisions and the dwell have passed; it is never left in the decision that entered it.',
    why: 'The prototype leaves the mode in the decision that entered it, so it never shapes the next one (D-18).',
    recognisedBy:
      'The mode is on before or entered in the line, no timeout, both breakers closed: the recorded exit does not happen.',
  },
  {
    id: 'DEV-RE-05',
    rule: 'A value that is NaN, infinite or no number counts as the worst value of its signal and is announced by signal_unknown.',
    why: 'In the prototype such a value compares false and reads as healthy, or throws (D-25).',
    recognisedBy:
      'A metric, the loss delta, the blueprint risk or the policy risk score of the line is no finite number.',
  },
  {
    id: 'DEV-RE-06',
    rule: 'Annotations that belong to the risk engine are written by it alone; a reason that came with the proposal is dropped.',
    why: 'In the prototype an annotation that is already there wins over what was computed (D-25d, RE-04).',
    recognisedBy: 'The proposal carries risk_reason, blueprint_* or bsds_*.',
  },
  {
    id: 'DEV-RE-07',
    rule: 'A proposal that is more careful than what the findings ask for stands: ROLLBACK and EMERGENCY are never softened to a pause.',
    why: 'The prototype turns an EMERGENCY into a PAUSE.',
    recognisedBy: 'The proposal is ROLLBACK or EMERGENCY, or opens a breaker, and a finding asks for less.',
  },
  {
    id: 'DEV-RE-08',
    rule: 'A proposal without a type is refused with RISK_COMMAND_UNKNOWN.',
    why: 'It cannot be ranked by care; the prototype passes it on.',
    recognisedBy: 'The command has no type.',
  },
  {
    id: 'DEV-RE-09',
    rule: 'A threshold that is NaN, infinite or negative is refused, naming the field.',
    why: 'The prototype takes it, and a NaN threshold switches its check off in silence.',
    recognisedBy: 'One of the thresholds of the line is not a finite number of at least 0.',
  },
  {
    id: 'DEV-RE-10',
    rule: 'The risk of a blueprint is the greater of its own and its safety sheet’s.',
    why: 'In the prototype a sheet can lower the risk, and once the record is made the sheet’s score is only shown (D-23).',
    recognisedBy: 'The sheet has a finite score above the blueprint’s own risk, or one that is no number.',
  },
  {
    id: 'DEV-RE-11',
    rule: 'A hazard band or handling class that is in no list counts as the worst one.',
    why: 'In the prototype a misspelt CRITICAL passes.',
    recognisedBy:
      'The band is none of LOW, MEDIUM, HIGH, CRITICAL in any case, or the class none of standard, restricted, quarantine.',
  },
  {
    id: 'DEV-RE-12',
    rule: 'Breaker events come first: the host reports how its calls went before it asks for an assessment.',
    why: 'The prototype reports to its breakers from inside an evaluator (RE-10), the metadata breaker twice (D-19b).',
    recognisedBy: 'The line has a breaker event that is not first.',
  },
  {
    id: 'DEV-RE-13',
    rule: 'A blueprint that needs approval holds a SEED.',
    why: 'The prototype records approval_required and does not act on it.',
    recognisedBy: 'approval_required is true and the proposal is a SEED.',
  },
  {
    id: 'DEV-RE-14',
    rule: 'A downgrade replaces the whole payload: optimizer sgd, no hyperparameters.',
    why: 'The prototype keeps hyperparameters of another optimizer that happened to be in the payload.',
    recognisedBy: 'A SEED that carries an optimizer payload is downgraded.',
  },
  {
    id: 'DEV-RE-15',
    rule: 'A loss is compared with the last finite one.',
    why: 'In the prototype one NaN poisons the next comparison as well (D-25).',
    recognisedBy: 'An earlier step of the sequence had a validation loss that is no finite number, or threw.',
  },
  {
    id: 'DEV-RE-16',
    rule: 'A tier that is unspecified or outside the enumeration is written UNKNOWN.',
    why: 'One name for "not known" in all messages.',
    recognisedBy: 'The blueprint’s tier is UNSPECIFIED or a bare number.',
  },
  {
    id: 'DEV-RE-17',
    rule: 'A failed call while a breaker’s cool-down is over is a failed probe: it opens again for a whole cool-down.',
    why: 'The prototype has no half-open state and counts on without resting (CM-14).',
    recognisedBy: 'A failure is reported to an OPEN breaker at or after its open-until time.',
  },
  {
    id: 'DEV-RE-18',
    rule: 'Breaker limits below their range are refused, naming the field.',
    why: 'The prototype raises a threshold below 1 and a cool-down below 0 to the minimum without a word.',
    recognisedBy:
      'failure_threshold is below 1 or cooldown_ms below 0. The steps are run with the raised values besides.',
  },
  {
    id: 'DEV-RE-19',
    rule: 'The latest trigger of conservative mode is remembered, whoever switched the mode on.',
    why: 'In the prototype the first trigger after the mode was switched on by configuration is forgotten.',
    recognisedBy: 'The mode is on and not enabled before the line, and something enters it.',
  },
] as const satisfies readonly Deviation[];

export type DeviationId = (typeof deviations)[number]['id'];

/** Which of the deviations a run of the naive model makes; none of them is the prototype itself. */
export type Rules = ReadonlySet<DeviationId>;

/** All of them: what the product does. */
export const ALL_RULES: Rules = new Set(deviations.map(({ id }) => id));

/** None of them: what the prototype does. */
export const NO_RULES: Rules = new Set();
