/** What comparing one recorded line with ours has shown. */
export type VectorOutcome =
  | { readonly kind: 'equal' }
  | {
      readonly kind: 'explained';
      /** Ids of the deviations, joined by `+`. Each computes the one value it expects. */
      readonly deviation: string;
    }
  | { readonly kind: 'unexplained'; readonly detail: string };

export const explained = (rules: readonly string[]): VectorOutcome =>
  rules.length === 0 ? { kind: 'equal' } : { kind: 'explained', deviation: rules.join('+') };

export const unexplained = (detail: string): VectorOutcome => ({ kind: 'unexplained', detail });
