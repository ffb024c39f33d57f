/** How the large constant matrices of a compiled model are stored. */
export type WeightFormat = 'float32' | 'int8';
