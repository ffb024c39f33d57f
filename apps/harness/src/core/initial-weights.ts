import type { BlockParameters } from './block.js';
import type { HostParameters, NetworkShape } from './network.js';
import type { RandomStream } from './random.js';

const normals = (length: number, scale: number, random: RandomStream): Float64Array =>
  Float64Array.from({ length }, () => random.normal() * scale);

/** He initialisation for rectified layers; biases start at 0. */
export function initialHost({ inputs, width, classes }: NetworkShape, random: RandomStream): HostParameters {
  return {
    'fc1.weight': normals(inputs * width, Math.sqrt(2 / inputs), random),
    'fc1.bias': new Float64Array(width),
    'fc2.weight': normals(width * width, Math.sqrt(2 / width), random),
    'fc2.bias': new Float64Array(width),
    'head.weight': normals(width * classes, Math.sqrt(1 / width), random),
    'head.bias': new Float64Array(classes),
  };
}

/** A block of `rank` for a layer of `width`. `outputScale` is how strongly it speaks before it has learned anything. */
export function initialBlock(
  size: { readonly width: number; readonly rank: number; readonly outputScale: number },
  random: RandomStream,
): BlockParameters {
  const { width, rank, outputScale } = size;
  return {
    'down.weight': normals(width * rank, Math.sqrt(2 / width), random),
    'down.bias': new Float64Array(rank),
    'up.weight': normals(rank * width, outputScale * Math.sqrt(1 / rank), random),
    'up.bias': new Float64Array(width),
  };
}
