import type { SafetySheet, TelemetryEvent } from '@esper/leyline';
import type { RiskContext } from '../context.js';
import { type Evaluation, finding, type RawFinding } from '../finding.js';
import { formatPythonFloat } from '../format/python-number.js';
import { viewBlueprint } from '../signals/blueprint-view.js';
import type { Evaluator } from './evaluator.js';
import { unknownSignal } from './unknown.js';

const GRAVEST = { mitigation: 'pause', entersMode: true } as const;

const provenanceOf = (sheet: SafetySheet): string => sheet.provenance ?? '';

function riskText(risk: SafetySheet['riskScore']): string {
  if (risk === undefined) return '';
  return typeof risk === 'number' ? formatPythonFloat(risk) : risk;
}

const present = (sheet: SafetySheet): TelemetryEvent => ({
  description: 'bsds_present',
  level: 'INFO',
  attributes: { hazard: sheet.hazardBand ?? '', risk: riskText(sheet.riskScore), provenance: provenanceOf(sheet) },
});

const stopping = (
  reason: 'bsds_handling_quarantine' | 'bsds_hazard_critical',
  attributes: Readonly<Record<string, string>>,
  value: string,
): RawFinding =>
  finding({
    signal: reason === 'bsds_hazard_critical' ? 'sheet.hazard_band' : 'sheet.handling_class',
    value,
    verdict: 'fail',
    mitigation: 'pause',
    reason,
    level: 'CRITICAL',
    attributes,
    entersMode: true,
    event: reason,
  });

const malformed = (signal: string, given: string): RawFinding =>
  unknownSignal(signal, { kind: 'unknown', problem: 'malformed', given }, GRAVEST);

/** The handling class (RE-32). Case does not matter, spelling does: what is in no list could be a quarantine. */
function judgeHandling(sheet: SafetySheet): readonly RawFinding[] {
  const handling: string | undefined = sheet.handlingClass;
  if (handling === undefined) return [];
  const known = handling.toLowerCase();
  if (known === 'quarantine') {
    const attributes = { handling: known, provenance: provenanceOf(sheet) };
    return [stopping('bsds_handling_quarantine', attributes, handling)];
  }
  return known === 'standard' || known === 'restricted' ? [] : [malformed('sheet.handling_class', handling)];
}

function hazardHigh(sheet: SafetySheet, hazard: string, seed: boolean): RawFinding {
  return finding({
    signal: 'sheet.hazard_band',
    value: hazard,
    verdict: seed ? 'fail' : 'warn',
    mitigation: seed ? 'downgrade' : 'none',
    reason: 'bsds_hazard_high',
    level: 'WARNING',
    attributes: { hazard: 'HIGH', provenance: provenanceOf(sheet) },
    entersMode: false,
    event: 'bsds_hazard_high',
  });
}

/** The hazard band (RE-33, RE-34). */
function judgeHazard(sheet: SafetySheet, seed: boolean): readonly RawFinding[] {
  const hazard: string | undefined = sheet.hazardBand;
  if (hazard === undefined) return [];
  const known = hazard.toUpperCase();
  if (known === 'CRITICAL') {
    return [stopping('bsds_hazard_critical', { hazard: known, provenance: provenanceOf(sheet) }, hazard)];
  }
  if (known === 'HIGH') return [hazardHigh(sheet, hazard, seed)];
  return known === 'LOW' || known === 'MEDIUM' ? [] : [malformed('sheet.hazard_band', hazard)];
}

/** The sheet's signature (RE-35): a failed one holds a SEED, as does a missing one where signatures are required. */
function judgeSignature(sheet: SafetySheet, { seed, config }: RiskContext): readonly RawFinding[] {
  const { signature } = sheet;
  const good = signature === 'valid' || (signature !== 'invalid' && config.sheet.signature === 'optional');
  if (good || !seed) return [];
  return [
    finding({
      signal: 'sheet.signature',
      value: signature,
      verdict: signature === 'invalid' ? 'fail' : 'unknown',
      mitigation: 'pause',
      reason: 'bsds_signature_failed',
      level: 'CRITICAL',
      attributes: { signature, provenance: provenanceOf(sheet) },
      entersMode: false,
      event: 'bsds_signature_failed',
    }),
  ];
}

const NOTHING: Evaluation = Object.freeze({ facts: [], findings: [] });

/** The blueprint's safety data sheet (RE-31 to RE-35). It can only add care. */
export const safetySheet: Evaluator = {
  name: 'safety_sheet',
  worst: GRAVEST,
  evaluate(context): Evaluation {
    const view = viewBlueprint(context);
    const sheet = view.kind === 'known' ? view.descriptor.sheet : undefined;
    if (sheet === undefined) return NOTHING;
    const findings = [...judgeHandling(sheet), ...judgeHazard(sheet, context.seed), ...judgeSignature(sheet, context)];
    return { facts: [present(sheet)], findings };
  },
};
