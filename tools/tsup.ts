import { defineConfig } from 'tsup';

/** Build settings shared by every library: ESM and CJS with types for each named entry of `src/`. */
export function library(entries: readonly string[], options: { readonly formats?: readonly ('esm' | 'cjs')[] } = {}) {
  return defineConfig({
    entry: Object.fromEntries(entries.map((name) => [name, `src/${name}.ts`])),
    format: [...(options.formats ?? (['esm', 'cjs'] as const))],
    // tsup 8 sets `baseUrl`, which TypeScript 6 calls deprecated.
    dts: { compilerOptions: { ignoreDeprecations: '6.0', customConditions: [] } },
    clean: true,
    sourcemap: true,
    shims: true,
    target: 'node20',
  });
}
