import { formatPythonFloat } from '../core/format/python-number.js';
import { actUnknown, cross, unreadable } from './naive-crossing.js';
import { CRITICAL, INFO, type NaiveRun } from './naive-run.js';
import { vectorNumber } from './python-text.js';

/** The record's float text, or the number itself where it is a bare integer. */
const printed = (given: unknown): string =>
  typeof given === 'number' ? String(given) : formatPythonFloat(vectorNumber(given));

const finite = (value: number): boolean => Number.isFinite(value);

/** The risk that counts: with DEV-RE-10 the greater of blueprint and sheet. */
function blueprintRisk(run: NaiveRun): number {
  const { blueprint } = run.scenario;
  const own = vectorNumber(blueprint?.risk ?? 0);
  const given = blueprint?.bsds?.['risk_score'];
  if (given === undefined || !run.our('DEV-RE-10') || !finite(own)) return own;
  const sheet = vectorNumber(given);
  if (!finite(sheet)) return run.our('DEV-RE-05') ? sheet : own;
  return Math.max(own, sheet);
}

function note(run: NaiveRun, key: string, text: string): void {
  if (run.our('DEV-RE-06') || !Object.hasOwn(run.annotations, key)) run.annotations[key] = text;
}

const KNOWN_TIER = /^BLUEPRINT_TIER_(SAFE|EXPERIMENTAL|HIGH_RISK)$/;

function tierOf(run: NaiveRun): string {
  const tier = run.scenario.blueprint?.tier ?? '';
  return KNOWN_TIER.test(tier) || !run.our('DEV-RE-16') ? tier : 'BLUEPRINT_TIER_UNKNOWN';
}

export function naiveBlueprint(run: NaiveRun): void {
  const { blueprint } = run.scenario;
  if (blueprint === null) return;
  const risk = blueprintRisk(run);
  note(run, 'blueprint_tier', tierOf(run));
  note(run, 'blueprint_stage', String(blueprint.stage ?? 0));
  note(run, 'blueprint_risk', run.fixed(risk, 2));
  const quarantined = blueprint.quarantine_only === true;
  if (quarantined || !unreadable(run, { signal: 'blueprint', value: risk }, 'mode'))
    judgeBlueprint(run, risk, quarantined);
  if (blueprint.approval_required === true && run.our('DEV-RE-13') && run.seed) {
    cross(run, {
      reason: 'blueprint_approval_required',
      action: 'pause',
      manner: 'overwrite',
      attributes: { blueprint_id: 'bp' },
    });
  }
}

function judgeBlueprint(run: NaiveRun, risk: number, quarantined: boolean): void {
  if (quarantined || risk >= 0.8) {
    const attributes = { tier: tierOf(run) };
    cross(run, {
      reason: 'bp_quarantine',
      action: 'pause',
      manner: 'overwrite',
      attributes,
      level: CRITICAL,
      enters: true,
    });
  } else if (risk >= 0.5 && run.seed) {
    cross(run, {
      reason: 'blueprint_risk',
      action: 'downgrade',
      manner: 'assign',
      attributes: { risk: run.fixed(risk, 2) },
    });
  }
}

const SHEET_NOTES = {
  hazard_band: 'bsds_hazard_band',
  handling_class: 'bsds_handling_class',
  resource_profile: 'bsds_resource_profile',
  provenance: 'bsds_provenance',
} as const;

export function naiveSheet(run: NaiveRun): void {
  const sheet = run.scenario.blueprint?.bsds;
  if (sheet === undefined) return;
  const text = (key: string): string => (sheet[key] as string | undefined) ?? '';
  const score = sheet['risk_score'];
  const provenance = text('provenance');
  for (const [key, annotation] of Object.entries(SHEET_NOTES)) {
    if (Object.hasOwn(sheet, key)) note(run, annotation, text(key));
  }
  if (score !== undefined) note(run, 'bsds_risk', run.fixed(vectorNumber(score), 2));
  run.emit('bsds_present', INFO, {
    hazard: text('hazard_band'),
    risk: score === undefined ? '' : printed(score),
    provenance,
  });
  judgeHandling(run, Object.hasOwn(sheet, 'handling_class') ? text('handling_class') : null, provenance);
  judgeHazard(run, Object.hasOwn(sheet, 'hazard_band') ? text('hazard_band') : null, provenance);
}

/** DEV-RE-11: a word that is in no list. */
function misspelt(run: NaiveRun, signal: string, given: string): void {
  if (!run.our('DEV-RE-11')) return;
  run.unknown(signal, given, 'malformed');
  actUnknown(run, 'mode');
}

function judgeHandling(run: NaiveRun, handling: string | null, provenance: string): void {
  if (handling === null) return;
  const known = handling.toLowerCase();
  if (known === 'quarantine') {
    const attributes = { handling: known, provenance };
    cross(run, {
      reason: 'bsds_handling_quarantine',
      action: 'pause',
      manner: 'overwrite',
      attributes,
      level: CRITICAL,
      enters: true,
    });
  } else if (known !== 'standard' && known !== 'restricted') misspelt(run, 'sheet.handling_class', handling);
}

function judgeHazard(run: NaiveRun, hazard: string | null, provenance: string): void {
  if (hazard === null) return;
  const known = hazard.toUpperCase();
  const attributes = { hazard: known, provenance };
  if (known === 'CRITICAL') {
    cross(run, {
      reason: 'bsds_hazard_critical',
      action: 'pause',
      manner: 'overwrite',
      attributes,
      level: CRITICAL,
      enters: true,
    });
  } else if (known === 'HIGH') {
    cross(run, { reason: 'bsds_hazard_high', action: 'downgrade', manner: 'assign', attributes, seed: 'mitigates' });
  } else if (known !== 'LOW' && known !== 'MEDIUM') misspelt(run, 'sheet.hazard_band', hazard);
}
