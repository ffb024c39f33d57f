import { isAbsolute } from 'node:path';
import { z } from 'zod';
import { POLICY_ORDERS } from '../host/policy-order.js';
import { ORDER_FIELDS } from './api-schemas.js';

const COUNT_MAX = 1_000_000;

const bundle = z
  .string()
  .max(4096)
  .refine((path) => isAbsolute(path), 'an absolute path')
  .meta({ description: 'Absolute path of a bundle\u2019s folder, on the machine of the host.' });
const digest = z
  .string()
  .regex(/^[0-9a-f]{4,64}$/, 'the first 4 to 64 hex digits of a digest')
  .meta({ description: 'The beginning of the digest of one policy of the store.' });
const count = z.int().min(0).max(COUNT_MAX);

/** What an operator can order for the policies of the host. */
export const POLICY_ORDER = z
  .discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('stage'), bundle, ...ORDER_FIELDS }),
    z.strictObject({
      kind: z.literal('promote'),
      from: z.union([z.strictObject({ bundle }), z.strictObject({ digest })]),
      acceptLooser: count.optional().meta({ description: 'Looser decisions in shadow that who answers for [0].' }),
      shadowDecisions: count
        .optional()
        .meta({ description: 'Live decisions to compare first; absent: the configuration\u2019s.' }),
      ...ORDER_FIELDS,
    }),
    z.strictObject({ kind: z.literal('roll_back'), ...ORDER_FIELDS }),
  ])
  .meta({
    description:
      'stage: verify a bundle and keep it. promote: take a bundle or a staged policy through every gate, live packets included, and put it in force. roll_back: the last known good policy comes back, the present one is rejected.',
  });
export type PolicyOrderBody = z.infer<typeof POLICY_ORDER>;

/** What an order has led to. */
export const POLICY_ORDERED = z.strictObject({
  kind: z.enum(POLICY_ORDERS),
  policyId: z.string(),
  policyVersion: z.number(),
  digest: z.string().meta({ description: 'SHA-256 of the manifest, hex.' }),
  standing: z.enum(['staged', 'active']),
  proof: z
    .strictObject({
      goldenCases: z.number(),
      latencyMs: z.number().meta({ description: 'p95 of a decision.' }),
      shadow: z.looseObject({}).nullable().meta({ description: 'What was compared on live packets; null: nothing.' }),
    })
    .optional(),
});
