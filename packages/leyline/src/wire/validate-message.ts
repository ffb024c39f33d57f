import { err, ok, type Result } from '@esper/std';
import type { z } from 'zod';
import type { LeylineRefusal } from '../errors.js';
import { describeFound, describeKey, describePath, describeWord } from './describe-found.js';
import { type MessageKind, type Messages, SCHEMAS } from './message-kinds.js';

/**
 * Whether plain data is a message of this kind. Never throws for data; the result is a new object that shares nothing
 * mutable with `value` except byte strings.
 */
export function validateMessage<K extends MessageKind>(kind: K, value: unknown): Result<Messages[K], LeylineRefusal> {
  const parsed = SCHEMAS[kind].safeParse(value);
  return parsed.success ? ok(parsed.data) : err(refusalOf(parsed.error.issues, value));
}

function refusalOf(issues: readonly z.core.$ZodIssue[], value: unknown): LeylineRefusal {
  const [issue] = issues;
  const otherCount = Math.max(0, issues.length - 1);
  if (issue === undefined)
    return { code: 'LEYLINE_INVALID', path: '$', expected: 'a message', found: 'none', otherCount };
  if (issue.code === 'unrecognized_keys') {
    const [key = ''] = issue.keys;
    const path = describePath([...issue.path, key]);
    return { code: 'LEYLINE_INVALID', path, expected: issue.message, found: `field ${describeKey(key)}`, otherCount };
  }
  if (issue.code === 'invalid_key') {
    const expected = issue.issues[0]?.message ?? issue.message;
    const found = `a key of ${String(issue.path.at(-1)).length} characters`;
    return { code: 'LEYLINE_INVALID', path: describePath(issue.path), expected, found, otherCount };
  }
  const there = valueAt(value, issue.path);
  const found = issue.code === 'invalid_value' ? describeWord(there) : describeFound(there);
  return { code: 'LEYLINE_INVALID', path: describePath(issue.path), expected: issue.message, found, otherCount };
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  let there = value;
  for (const part of path) {
    if (typeof there !== 'object' || there === null) return undefined;
    there = Object.hasOwn(there, part) ? (there as Readonly<Record<PropertyKey, unknown>>)[part] : undefined;
  }
  return there;
}
