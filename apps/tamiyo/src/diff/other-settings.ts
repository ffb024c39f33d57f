import type { BlendConfig } from '@esper/policy';
import type { RiskConfig } from '@esper/risk-engine';
import { blendSettings } from '../adapters/blend-settings.js';
import { riskSettings } from '../adapters/risk-settings.js';
import { type ResolvedConfig, resolveConfig } from '../config/resolve.js';
import { TamiyoError } from '../errors.js';
import type { DecisionScene } from '../records/scene.js';
import { type Difference, differencesOf } from '../replay/differences.js';

/** How commands are judged and blended. */
export interface Judging {
  readonly risk: RiskConfig;
  readonly blend: Partial<BlendConfig>;
  /** False when the blend is as recorded: then the recorded proposals stand. */
  readonly isOtherBlend: boolean;
}

/** Differences of settings that are named. */
const NAMED_MAX = 40;

/**
 * The settings that past decisions are held against: a whole configuration, or single values in the place of those a decision
 * was made under.
 */
export class OtherSettings {
  readonly #whole: ResolvedConfig | undefined;
  readonly #values: Readonly<Record<string, unknown>>;
  readonly #known = new Map<DecisionScene, Judging>();
  #changes: readonly Difference[] = [];

  /** `whole` is the configuration when one is given; else `values`, by dotted key, take the place of the recorded ones. */
  constructor(whole: ResolvedConfig | undefined, values: Readonly<Record<string, unknown>>) {
    this.#whole = whole;
    this.#values = values;
  }

  /** What takes the place of a scene's own settings. Throws `CONFIG_INVALID`. */
  of(scene: DecisionScene): Judging {
    const known = this.#known.get(scene);
    if (known !== undefined) return known;
    const config = this.#whole ?? resolved({ ...scene.settings, ...this.#values });
    const [risk, blend] = [riskSettings(config.values), blendSettings(config)];
    const judging = { risk, blend, isOtherBlend: differences(scene.blend, blend).length > 0 };
    this.#known.set(scene, judging);
    this.#changes = [
      ...differences(withoutDigest(scene.risk), withoutDigest(risk)),
      ...differences(scene.blend, blend),
    ];
    return judging;
  }

  /** In what the risk configuration and blend differ from those of the scene that came last. */
  changes(): readonly Difference[] {
    return this.#changes;
  }
}

const differences = (recorded: object, other: object): readonly Difference[] =>
  differencesOf(recorded, other, { path: '', max: NAMED_MAX });

function withoutDigest({ digest: _digest, ...risk }: RiskConfig): object {
  return risk;
}

function resolved(flags: Readonly<Record<string, unknown>>): ResolvedConfig {
  const config = resolveConfig({ flags });
  if (config.ok) return config.value;
  const [problem] = config.error;
  throw new TamiyoError('CONFIG_INVALID', `with the recorded settings: ${problem?.key}: ${problem?.message}`);
}
