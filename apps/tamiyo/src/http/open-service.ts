import { join } from 'node:path';
import { systemClock } from '@esper/std/node';
import { openBusDecisions } from '../bus/bus-decisions.js';
import { type Host, type HostSetup, openHost } from '../compose.js';
import type { HttpLog } from './http-log.js';
import { httpOptions } from './http-options.js';
import { type HttpServer, openHttpServer } from './http-server.js';
import { createHostScrape } from './scrape/host-scrape.js';
import { systemTimers } from './system-timers.js';
import { openTokenFolder } from './token-folder.js';

/** A host with its HTTP interface in front of it. */
export interface Service {
  readonly host: Host;
  readonly addresses: readonly string[];
  /** Where the tokens lie, and which were made now. */
  readonly tokens: { readonly folder: string; readonly made: readonly string[] };
  /** Refuses, answers what is under way, cuts what takes too long, then closes the host. Idempotent. */
  close(): Promise<{ readonly cut: number }>;
}

/** What a service needs besides what its host needs. */
export interface ServiceSetup extends HostSetup {
  readonly log: HttpLog;
  readonly version: string;
}

/** Opens host and interface. Rejects with what is missing; then nothing is left open. */
export async function openService(setup: ServiceSetup): Promise<Service> {
  const { values } = setup.config;
  const folder = values['http.tokenFolder'] === '' ? join(values.dataDir, 'tokens') : values['http.tokenFolder'];
  const { tokens, made } = await openTokenFolder(folder);
  const scrape = createHostScrape({ ...setup, clock: systemClock, configDigest: setup.config.digest });
  const exporters = [...(setup.exporters ?? []), scrape.exporter];
  const { host, text } = scrape.watch(await openHost({ ...setup, exporters }));
  try {
    const server = await openHttpServer(
      {
        host,
        tokens,
        metricsText: text,
        clock: systemClock,
        timers: systemTimers,
        log: setup.log,
        epoch: String(host.issuerEpoch),
        version: setup.version,
      },
      httpOptions(values),
    );
    const deafen = values['bus.decisions']
      ? await openBusDecisions({ bus: host.bus, host, clock: systemClock, timers: systemTimers })
      : nothing;
    return { host, addresses: server.addresses, tokens: { folder, made }, close: closer(server, host, deafen) };
  } catch (cause) {
    await host.close();
    throw cause;
  }
}

const nothing = async (): Promise<void> => undefined;

function closer(server: HttpServer, host: Host, deafen: () => Promise<void>): Service['close'] {
  let closing: Promise<{ readonly cut: number }> | undefined;
  return () => {
    closing ??= Promise.all([server.close(), deafen()])
      .then(([closed]) => closed)
      .finally(() => host.close());
    return closing;
  };
}
