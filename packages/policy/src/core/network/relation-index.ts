import { NODE_TYPES, type NodeType, RELATION_KEYS, RELATIONS, type RelationKey } from '../graph/schema.js';

/** Numbers of the relations that arrive at a node type, ascending: the order of its buckets. */
export const INCOMING_RELATIONS: Readonly<Record<NodeType, readonly number[]>> = Object.freeze(
  Object.fromEntries(
    NODE_TYPES.map((type) => [type, RELATIONS.flatMap((relation, r) => (relation.target === type ? [r] : []))]),
  ) as Record<NodeType, number[]>,
);

/** Types whose rows the first GAT layer computes: nobody reads activations afterwards. */
export const GAT0_TARGETS = NODE_TYPES.slice(0, 5) as readonly NodeType[];
/** Types whose rows the last GAT layer computes: the heads read nothing else. */
export const GAT1_TARGETS = NODE_TYPES.slice(0, 3) as readonly NodeType[];

/** How many relations arrive at a node type. */
export const incomingCount = (type: NodeType): number => INCOMING_RELATIONS[type].length;

/** One relation, and where it stands among those that arrive at its target. */
export interface RelationPlace {
  readonly key: RelationKey;
  readonly source: NodeType;
  readonly target: NodeType;
  /** From 0, in relation order. */
  readonly position: number;
  /** How many relations arrive at the target. */
  readonly siblings: number;
}

/** The relations in order, worked out once: they are walked for every decision. */
export const RELATION_PLACES: readonly RelationPlace[] = Object.freeze(
  RELATIONS.map(({ source, target }, r) => ({
    key: RELATION_KEYS[r] as RelationKey,
    source,
    target,
    position: INCOMING_RELATIONS[target].indexOf(r),
    siblings: incomingCount(target),
  })),
);
