/** A named set of weights or gradients, all of the same names. */
export type TensorSet<Name extends string> = Readonly<Record<Name, Float64Array>>;

/** The same names with each tensor replaced. */
function mapTensors<Name extends string>(
  set: TensorSet<Name>,
  change: (tensor: Float64Array, name: Name) => Float64Array,
): TensorSet<Name> {
  const entries = (Object.keys(set) as Name[]).map((name) => [name, change(set[name], name)] as const);
  return Object.fromEntries(entries) as Record<Name, Float64Array>;
}

/** a + factor·b, tensor by tensor. */
export const addScaled = <Name extends string>(
  a: TensorSet<Name>,
  b: TensorSet<Name>,
  factor: number,
): TensorSet<Name> =>
  mapTensors(a, (tensor, name) => {
    const other = b[name];
    const sum = new Float64Array(tensor.length);
    for (let at = 0; at < sum.length; at += 1) sum[at] = (tensor[at] as number) + factor * (other[at] as number);
    return sum;
  });

/** factor·a, tensor by tensor. */
export const scaled = <Name extends string>(a: TensorSet<Name>, factor: number): TensorSet<Name> =>
  addScaled(zerosLike(a), a, factor);

/** All zeros, of the same shapes. */
export const zerosLike = <Name extends string>(set: TensorSet<Name>): TensorSet<Name> =>
  mapTensors(set, (tensor) => new Float64Array(tensor.length));

/** Σ aᵢ·bᵢ over all tensors. */
export function dot<Name extends string>(a: TensorSet<Name>, b: TensorSet<Name>): number {
  let sum = 0;
  for (const name of Object.keys(a) as Name[]) {
    const left = a[name];
    const right = b[name];
    for (let at = 0; at < left.length; at += 1) sum += (left[at] as number) * (right[at] as number);
  }
  return sum;
}

/** The Euclidean length of all tensors together. NaN when one value is. */
export const norm = <Name extends string>(set: TensorSet<Name>): number => Math.sqrt(dot(set, set));

/** How many of the tensors differ in at least one value (NaN differs from everything). */
export function tensorsThatDiffer<Name extends string>(a: TensorSet<Name>, b: TensorSet<Name>): number {
  const names = Object.keys(a) as Name[];
  return names.filter((name) => a[name] !== b[name] && a[name].some((value, at) => value !== b[name][at])).length;
}

/** How many numbers the set holds. */
export const sizeOf = (set: Readonly<Record<string, Float64Array>>): number =>
  Object.values(set).reduce((sum, tensor) => sum + tensor.length, 0);
