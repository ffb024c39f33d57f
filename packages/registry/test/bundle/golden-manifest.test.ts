import { expect, it } from 'vitest';
import { manifestBytes, parseManifest } from '../../src/index.js';
import { sha256 } from '../../src/node.js';

/** Frozen bytes of format 1. They may be added to, never changed: bundles like this are in the field. */
const GOLDEN = `{
  "format": 1,
  "policyId": "untrained-1",
  "policyVersion": 1,
  "architecture": "tamiyo_gnn_v1",
  "contract": "tamiyo-compiled-1",
  "dims": {
    "sageHiddenWidth": 128
  },
  "actionChoice": "sampled",
  "actions": [
    "seed",
    "pause"
  ],
  "origin": {
    "kind": "untrained",
    "seed": 1,
    "actionPrior": {
      "seed": 0.5,
      "pause": 0.5
    },
    "note": "random weights"
  },
  "tables": {
    "seed": "4f53cda18c2baa0c0354bb5f9a3ecbe5ed12ab4d8e11ba873c2f11161202b945"
  },
  "tableEntryCounts": {
    "seed": 0
  },
  "createdAtMs": 1700000000000,
  "expiresAtMs": 1800000000000,
  "files": {
    "policy.onnx": {
      "sha256": "4f53cda18c2baa0c0354bb5f9a3ecbe5ed12ab4d8e11ba873c2f11161202b945",
      "bytes": 2
    }
  }
}
`;
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

it('a manifest of format 1 is read, and written byte for byte as it was', () => {
  const parsed = parseManifest(bytes(GOLDEN));
  expect(parsed.ok).toBe(true);
  if (!parsed.ok) return;
  expect(parsed.value).toMatchObject({
    policyVersion: 1,
    origin: { kind: 'untrained' },
    tableEntryCounts: { seed: 0 },
  });
  expect(new TextDecoder().decode(manifestBytes(parsed.value))).toBe(GOLDEN);
  expect(sha256(bytes(GOLDEN))).toMatchInlineSnapshot(
    `"bdb97d1c543482477d993efa740668642340f342ef7046909924f65758b4682c"`,
  );
});

it.each([
  ['"format": 1', '"format": 2', 'BUNDLE_FORMAT_UNKNOWN'],
  ['"policyVersion": 1', '"policyVersion": 0', 'BUNDLE_MANIFEST_INVALID'],
  ['"policyVersion": 1', '"policyVersion": 1, "extra": 1', 'BUNDLE_MANIFEST_INVALID'],
  ['"policyVersion": 1', '"policyVersion": 1, "policyVersion": 2', 'BUNDLE_MANIFEST_INVALID'],
  ['"sampled"', '"guess"', 'BUNDLE_MANIFEST_INVALID'],
  ['"pause": 0.5', '"pause": 1.5', 'BUNDLE_MANIFEST_INVALID'],
  ['policy.onnx', '../policy.onnx', 'BUNDLE_MANIFEST_INVALID'],
  ['"bytes": 2', '"bytes": -2', 'BUNDLE_MANIFEST_INVALID'],
  ['"createdAtMs": 1700000000000,', '', 'BUNDLE_MANIFEST_INVALID'],
])('PU-05: %s as %s is refused', (good, bad, code) => {
  expect(parseManifest(bytes(GOLDEN.replace(good, bad)))).toMatchObject({ ok: false, error: { code } });
});
