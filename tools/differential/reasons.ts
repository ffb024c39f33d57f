/** Why a deviation shows in more than a fifth of a file: one entry per id, written by hand. */
export const REASONS: Readonly<Record<string, string>> = {
  'DEV-RE-01':
    'The recordings combine two to six findings at random, and carry foreign reasons; wherever two of them act on one command, the prototype lets the last one win and we let the gravest one win. In lines with one acting finding the two agree.',
  'DEV-RE-02':
    'The recordings propose a SEED in two lines of three and combine findings at random; every finding that only a SEED can have is silenced in the prototype as soon as an earlier one acted.',
  'DEV-RE-03':
    'The recordings were made with the timeout flags set by hand in a quarter of the lines. In the prototype’s own service they are never set, because a timeout raises (D-19).',
  'DEV-RE-04':
    'Every line in which conservative mode is entered or was on ends in the prototype with the mode off. The dwell is the point of the change (D-18).',
  'DEV-RE-10':
    'One of the seven golden scenarios has a sheet that is riskier than its blueprint, and its blueprint_risk annotation shows the greater of the two; in the long file the share is small.',
  'DEV-RE-12':
    'A breaker event follows from the timeout flags and breaker states the recordings set by hand. Only its place among the events differs.',
};
