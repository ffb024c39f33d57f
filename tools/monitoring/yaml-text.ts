/** What a YAML file of ours holds. */
export type Yaml = string | number | readonly Yaml[] | { readonly [key: string]: Yaml };

/** YAML in the plainest block style. Texts are written as JSON strings, which YAML reads alike. */
export const yamlText = (value: Yaml): string => `${linesOf(value).join('\n')}\n`;

const isPlain = (value: Yaml): value is string | number => typeof value !== 'object';
const plain = (value: string | number): string => (typeof value === 'number' ? String(value) : JSON.stringify(value));
const isEmpty = (value: Yaml): boolean => !isPlain(value) && Object.keys(value).length === 0;

function linesOf(value: Yaml): readonly string[] {
  if (isPlain(value)) return [plain(value)];
  if (isEmpty(value)) return [Array.isArray(value) ? '[]' : '{}'];
  return Array.isArray(value) ? value.flatMap(itemLines) : Object.entries(value).flatMap(entryLines);
}

function itemLines(item: Yaml): readonly string[] {
  const [first = '', ...rest] = linesOf(item);
  return [`- ${first}`, ...rest.map((line) => `  ${line}`)];
}

function entryLines([key, value]: readonly [string, Yaml]): readonly string[] {
  const name = /^[\w-]+$/.test(key) ? key : JSON.stringify(key);
  if (isPlain(value) || isEmpty(value)) return [`${name}: ${linesOf(value)[0]}`];
  return [`${name}:`, ...linesOf(value).map((line) => `  ${line}`)];
}
