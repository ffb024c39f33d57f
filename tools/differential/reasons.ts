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
  'DEV-RG-01':
    'A third of the recordings fill a table to its capacity and then ask for further names, each of which the prototype hashes.',
  'DEV-DEC-02': 'The recorded networks are untrained, so classes without a meaning win as often as others.',
  'DEV-DEC-03':
    'Most recorded packets have no dormant seed: their seeds train, blend or are culled. The prototype grafts onto any of them.',
  'DEV-DEC-05':
    'In half of the cases the prototype names a blueprint that is no entry of the catalogue, such as the id of the packet.',
  'DEV-DEC-06': 'Another definition of the same number: it differs wherever a decision is made at all.',
  'DEV-DEC-08':
    'The prototype draws blend mode and schedule shape from one choice; every case with a blend shows the difference.',
  'DEV-DEC-12': 'Another definition of the same number: it differs wherever a decision is made at all.',
  'DEV-DEC-14': 'The prototype never names run and host layers in a proposal, so every accepted case differs.',
  'DEV-DEC-15':
    'Half of the cases carry damaged packets or catalogue entries on purpose, to show what the prototype makes of them.',
  'DEV-GB-01': 'The prototype has no mask of its own for most features; every packet leaves some of them out.',
  'DEV-GB-02': 'Another normalisation: it shows in every packet with a feature that is normalised.',
  'DEV-GB-03':
    'A fifth of the packets describe no structure, for which the prototype invents layers, activations and parameters.',
  'DEV-GB-04':
    'The prototype presents the id of the packet or of the run as a blueprint in every packet that names none.',
  'DEV-GB-05': 'The registries of most cases start empty, and the prototype registers names while it builds.',
  'DEV-GB-06': 'Nearly every packet has a seed, and the prototype denies blending wherever nothing was said.',
  'DEV-GB-07':
    'The prototype scales the same quantity differently on nodes and edges; packets with seeds at a depth show it.',
  'DEV-GB-08':
    'Half of the cases carry damaged packets or catalogue entries on purpose, to show what the prototype makes of them.',
  'DEV-GB-09':
    'Cases with more layers or parameters than the caps; the prototype spreads positions over the rows it kept.',
  'DEV-GB-10': 'The prototype connects neighbours, doubles and moves edges wherever there are several layers or seeds.',
  'DEV-GB-11': 'Another definition of the same number: it differs wherever a graph is built at all.',
  'DEV-GB-12':
    'Every case with a catalogue entry: the prototype reads these from the serialised record, where they may be missing.',
  'DEV-GB-13': 'Every packet with a loss in a field of its own, which the prototype does not read.',
  'DEV-GB-17':
    'The prototype makes ids from positions where a packet or the catalogue gives none, or replaces those given.',
  'DEV-PH-03':
    'Random lists of events: the last one is seldom the most severe, and half of the lists end with an event of INFO.',
  'DEV-FR-02':
    'The recordings leave out ids, issue times and runs in a third of the lines, to show the placeholders the prototype puts in.',
  'DEV-FR-03':
    'The recordings go through all command types and reasons, most of which are a pause or a downgrade for risk.',
  'DEV-FR-04': 'A fifth of the random lines carry a value that is no finite number, on purpose.',
  'DEV-FR-10': 'Half of the recorded sequences interleave two runs, on purpose.',
  'DEV-FR-11': 'Another definition of what a window counts: it shows in every recording in which a window is opened.',
  'DEV-FR-20': 'Most recorded side files are damaged in one field each, on purpose.',
  'DEV-RE-12':
    'A breaker event follows from the timeout flags and breaker states the recordings set by hand. Only its place among the events differs.',
};
