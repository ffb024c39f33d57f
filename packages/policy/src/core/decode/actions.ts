/**
 * What the classes of the policy head mean (PB-02). The head is wider; classes without an entry have no meaning and can
 * never be chosen (P-D5).
 */
export const ACTIONS = ['germinate', 'adjust_optimizer', 'pause', 'open_breaker', 'close_breaker'] as const;
export type Action = (typeof ACTIONS)[number];
