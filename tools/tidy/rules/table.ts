import type { Finding, Tree } from '../tree.ts';
import { documentedRule } from './documented.ts';
import { exportsRule } from './exports.ts';
import { foldersRule } from './folders.ts';
import { namesRule } from './names.ts';
import { readmeRule } from './readme.ts';
import { type Ratchet, sizesRule } from './sizes.ts';
import { starRule } from './star.ts';
import { versionsRule } from './versions.ts';

/** All house rules, in the order in which they are reported. */
export function allFindings(tree: Tree, ratchet: Ratchet): readonly Finding[] {
  return [
    ...starRule(tree),
    ...foldersRule(tree),
    ...sizesRule(tree, ratchet),
    ...namesRule(tree),
    ...readmeRule(tree),
    ...documentedRule(tree),
    ...exportsRule(tree),
    ...versionsRule(tree),
  ];
}
