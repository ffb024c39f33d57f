import { NODE_TYPES, type NodeType, RELATIONS } from '../graph/schema.js';

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
