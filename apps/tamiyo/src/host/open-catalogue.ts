import { join } from 'node:path';
import { nodeWorkerPorts } from '@esper/async-worker/node';
import type { TelemetryEvent } from '@esper/leyline';
import { type FileCatalogue, openFileCatalogue, openUrzaCatalogue } from '@esper/registry/node';
import { systemClock } from '@esper/std/node';
import { blueprintSignatures } from '../adapters/blueprint-signatures.js';
import { flushLoop } from '../adapters/flush-loop.js';
import type { HostSetup } from './host-setup.js';
import type { OpenParts } from './open-parts.js';

/** How often Urza's library is looked at for changes. */
const REFRESH_EVERY_MS = 5_000;

type Tell = (event: TelemetryEvent) => void;

/**
 * The blueprints of a configuration: Urza's library where its database is named, else the catalogue's file. Both are answered
 * from memory. Rejects with the registry's `CATALOGUE_…` codes.
 */
export async function openCatalogue(
  { config: { values }, keys }: Pick<HostSetup, 'config' | 'keys'>,
  tell: Tell,
  open: OpenParts,
): Promise<FileCatalogue> {
  const signatures = blueprintSignatures(keys, systemClock);
  if (values.urzaDatabase === '') {
    const path = values.catalogueFile === '' ? join(values.dataDir, 'catalogue.json') : values.catalogueFile;
    return openFileCatalogue(path, signatures.entry);
  }
  const library = await openUrzaCatalogue(values.urzaDatabase, {
    checkSheet: signatures.sheet,
    onRefused: ({ code, message }) =>
      tell({ description: 'blueprint_refused', level: 'WARNING', attributes: { code, message } }),
  });
  const { timers } = nodeWorkerPorts();
  open.keep(flushLoop(REFRESH_EVERY_MS, () => refresh(library, tell), timers));
  return library;
}

/** What was read before stays in force when the library cannot be read; that is told each time. */
export const refresh = (library: { refresh(): Promise<void> }, tell: Tell): Promise<void> =>
  library.refresh().catch((cause: unknown) => {
    const error = cause instanceof Error ? cause.message : String(cause);
    tell({ description: 'catalogue_stale', level: 'WARNING', attributes: { error } });
  });
