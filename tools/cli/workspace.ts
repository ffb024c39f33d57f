import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The root of the repository. */
export const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..', '..');

export interface PackageJson {
  readonly name: string;
  readonly version: string;
  readonly private?: boolean;
  readonly description?: string;
  readonly exports?: Readonly<Record<string, unknown>>;
  readonly scripts?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

export interface WorkspacePackage {
  /** Folder below the root, for example `packages/wal`. */
  readonly folder: string;
  readonly dirName: string;
  readonly group: 'packages' | 'apps';
  readonly manifest: PackageJson;
}

/** Every package and app of the workspace under `root`. */
export function workspacePackages(root: string = ROOT): readonly WorkspacePackage[] {
  return (['packages', 'apps'] as const).flatMap((group) => {
    const base = join(root, group);
    if (!existsSync(base)) return [];
    return readdirSync(base)
      .filter((name) => existsSync(join(base, name, 'package.json')))
      .sort()
      .map((dirName) => ({
        folder: `${group}/${dirName}`,
        dirName,
        group,
        manifest: JSON.parse(readFileSync(join(base, dirName, 'package.json'), 'utf8')) as PackageJson,
      }));
  });
}
