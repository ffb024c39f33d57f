import type { Deviation } from '../outcome.ts';

/** Where the whole step differs from the prototype's on purpose, beyond what its parts already say. */
export const serviceDeviations = [
  {
    id: 'DEV-SV-01',
    rule: 'The guard judges what the policy proposes, before the risk engine may change it.',
    why: 'In the prototype a SEED without an id passes when risk has turned it into a pause or a downgrade (D-21, DG-07).',
    recognisedBy: 'A proposal of type SEED without operation, seed or blueprint whose final command is no SEED.',
  },
  {
    id: 'DEV-SV-02',
    rule: 'A blueprint that the library does not have, and a placeholder, are violations.',
    why: 'The prototype goes on without any risk data (D-21b, D-26, DG-09).',
    recognisedBy: 'The blueprint id is not in the library of the line, or is one of the placeholder ids.',
  },
  {
    id: 'DEV-SV-03',
    rule: 'A packet names its run and itself, or is refused.',
    why: 'The prototype puts run-unknown in its place, so that different runs become one (DG-10).',
    recognisedBy: 'The packet of the line has no run id or no packet id.',
  },
  {
    id: 'DEV-SV-04',
    rule: 'A failure says its code and its reason, and what it did to breaker and mode.',
    why: 'The prototype throws the breaker event away (D-16, D-17).',
    recognisedBy:
      'Every failure packet. Expected: the recorded event with code and reason, then the event of the breaker as counted.',
  },
  {
    id: 'DEV-SV-05',
    rule: 'Blueprints are looked up once, before the policy is asked, so a late look-up names none.',
    why: 'The prototype looks up twice a step, and once under the id of the packet (D-26).',
    recognisedBy: 'A late look-up. Expected: the recorded attributes without blueprint_id.',
  },
  {
    id: 'DEV-SV-06',
    rule: 'Coverage is the mean over all expected inputs, missing ones as 0; below the warning threshold it is a WARNING.',
    why: 'The prototype averages only what is there, so the worst case is silent, and calls the lower band INFO (D-20).',
    recognisedBy: 'A coverage map with zeros, or a mean below 0.3. Expected: computed from the map.',
  },
  {
    id: 'DEV-SV-07',
    rule: 'A violation is told: CRITICAL, with what is missing.',
    why: 'The guard of the prototype’s service raises without a packet (D-21).',
    recognisedBy: 'A violation recorded without telemetry. Expected: a packet whose summary is the reason.',
  },
] as const satisfies readonly Deviation[];

export type ServiceRule = (typeof serviceDeviations)[number]['id'];
