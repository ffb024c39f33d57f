/** Where our decoder differs from the prototype's on purpose. Each is computed, never waved through. */
export const DECISION_DEVIATIONS = {
  'DEV-DEC-01': 'Outputs that are not finite are refused; the prototype decides on them.',
  'DEV-DEC-02': 'Classes without a meaning cannot be chosen: the best of the five that have one is taken.',
  'DEV-DEC-03': 'Only a dormant seed can be grafted onto; while all are busy a graft cannot be chosen.',
  'DEV-DEC-04': 'No seeds is a violation only when the chosen action needs one; other actions stay possible.',
  'DEV-DEC-05': 'A blueprint is a catalogue entry; without a usable one a graft is refused and none is named.',
  'DEV-DEC-06': 'The risk score is the expected severity over all classes, not the share of the likeliest one.',
  'DEV-DEC-07': 'Alpha stays within 0..1 and within the bounds of the blueprint.',
  'DEV-DEC-08':
    'The blend mode is chosen by operator or policy apart from the schedule shape, says truthfully by whom, and bad settings are refused.',
  'DEV-DEC-09': "Confidence logits are those of the policy's actions, with the gate defaults of the executing side.",
  'DEV-DEC-10': 'A CHANNEL blend carries a real vector, or is refused.',
  'DEV-DEC-11': 'Schedule shapes are a closed list that belongs to the head.',
  'DEV-DEC-12': 'Coverage is present over expected evidence; constants do not count, what is missing counts as 0.',
  'DEV-DEC-13': 'Ids are taken as they are: none is trimmed, and one without a visible character is none.',
  'DEV-DEC-14': 'Every proposal names its run, and a graft its host layers.',
  'DEV-DEC-15': 'Malformed packets and catalogue entries are refused by path before anything is decided.',
  'DEV-DEC-16': 'The best class is found on the logits: rounding in a softmax cannot make two of them equal.',
  'DEV-DEC-17': 'A command without an id yet says so: `<unset>`.',
} as const;

export type DecisionDeviation = keyof typeof DECISION_DEVIATIONS;
