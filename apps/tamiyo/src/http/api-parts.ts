import type { MonoClock, WallClock } from '@esper/std';
import type { DecisionHost } from '../host/decision-host.js';

/** What the handlers work with. */
export interface ApiParts {
  readonly host: Omit<DecisionHost, 'close'>;
  /** False once the interface refuses new decisions. */
  readonly accepting: () => boolean;
  /** Everything a scrape gets, in the text format of Prometheus. */
  readonly metricsText: () => string;
  readonly clock: WallClock & MonoClock;
  readonly openApi: string;
}
