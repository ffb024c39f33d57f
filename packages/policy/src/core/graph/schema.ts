/** Node types in row order: each pruned layer of the compiled network is a prefix of this order. */
export const NODE_TYPES = ['global', 'seed', 'blueprint', 'parameter', 'layer', 'activation'] as const;
export type NodeType = (typeof NODE_TYPES)[number];

/** The 21 relations, in the fixed order that numbers them 0 to 20. */
export const RELATIONS = [
  { source: 'global', name: 'influences', target: 'seed' },
  { source: 'seed', name: 'reports', target: 'global' },
  { source: 'global', name: 'annotates', target: 'blueprint' },
  { source: 'blueprint', name: 'monitored_by', target: 'global' },
  { source: 'seed', name: 'peer', target: 'seed' },
  { source: 'global', name: 'operates', target: 'layer' },
  { source: 'layer', name: 'feedback', target: 'global' },
  { source: 'layer', name: 'activates', target: 'activation' },
  { source: 'activation', name: 'affects', target: 'layer' },
  { source: 'activation', name: 'configures', target: 'parameter' },
  { source: 'parameter', name: 'modulates', target: 'activation' },
  { source: 'seed', name: 'allowed', target: 'parameter' },
  { source: 'parameter', name: 'associated', target: 'seed' },
  { source: 'blueprint', name: 'composes', target: 'layer' },
  { source: 'layer', name: 'belongs_to', target: 'blueprint' },
  { source: 'blueprint', name: 'energizes', target: 'activation' },
  { source: 'parameter', name: 'targets', target: 'blueprint' },
  { source: 'layer', name: 'connects', target: 'layer' },
  { source: 'seed', name: 'monitors', target: 'layer' },
  { source: 'layer', name: 'monitored_by', target: 'seed' },
  { source: 'layer', name: 'feeds', target: 'activation' },
] as const satisfies readonly { source: NodeType; name: string; target: NodeType }[];

type Relation = (typeof RELATIONS)[number];
/** For example `seed__monitors__layer`. */
export type RelationKey = Relation extends infer R
  ? R extends { source: infer S extends string; name: infer N extends string; target: infer T extends string }
    ? `${S}__${N}__${T}`
    : never
  : never;

export const relationKey = (relation: Relation): RelationKey =>
  `${relation.source}__${relation.name}__${relation.target}` as RelationKey;

/** The keys of all relations, in relation order. */
export const RELATION_KEYS: readonly RelationKey[] = RELATIONS.map(relationKey);
