/** What comparing one recorded line with ours has shown. */
export type LineOutcome =
  | { readonly kind: 'equal' }
  | {
      readonly kind: 'explained';
      /** Ids of the deviations, joined by `+`. Each computes the one value it expects. */
      readonly deviation: string;
    }
  | { readonly kind: 'unexplained'; readonly detail: string };

export const explained = (rules: readonly string[]): LineOutcome =>
  rules.length === 0 ? { kind: 'equal' } : { kind: 'explained', deviation: rules.join('+') };

export const unexplained = (detail: string): LineOutcome => ({ kind: 'unexplained', detail });
