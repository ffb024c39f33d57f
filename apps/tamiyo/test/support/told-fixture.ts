import type { FieldReport, TelemetryPacket } from '@esper/leyline';
import { systemClock } from '@esper/std/node';
import { fieldReporting } from '../../src/adapters/field-reporting.js';
import { hostReporter } from '../../src/adapters/host-reporter.js';
import { FeatureFlags } from '../../src/config/flags.js';
import { type ConfigInput, resolveConfig } from '../../src/config/resolve.js';
import type { HostEvent } from '../../src/host/decision-host.js';
import { HostEvents } from '../../src/host/host-events.js';
import { activePolicy, engineFixture } from './engine-fixture.js';
import { FakeInference } from './fake-inference.js';

/** Configuration that must resolve. */
export function configOf(input: ConfigInput = {}) {
  const resolved = resolveConfig(input);
  if (!resolved.ok) throw new Error(JSON.stringify(resolved.error));
  return resolved.value;
}

/** An engine whose telemetry and field reports are the host's own, kept in lists. */
export function toldFixture(given: Parameters<typeof engineFixture>[0] & { readonly config?: ConfigInput } = {}) {
  const packets: TelemetryPacket[] = [];
  const fieldReports: FieldReport[] = [];
  const happened: HostEvent[] = [];
  const config = configOf(given.config);
  const flags = new FeatureFlags(config.values, systemClock.wallMs());
  const events = new HostEvents((cause) => {
    throw cause;
  });
  events.subscribe((event) => happened.push(event));
  const policy = activePolicy(new FakeInference());
  const reporter = hostReporter({
    config: config.values,
    telemetry: {
      emit: (packet) => {
        packets.push(packet);
        return { accepted: true, durable: Promise.resolve(true) };
      },
    },
    fieldReports: { decided: (report) => fieldReports.push(report) },
    clock: systemClock,
    flags,
    events,
  });
  const fixture = engineFixture({
    ...given,
    settings: { flags, ...given.settings },
    ports: { reporter, reports: fieldReporting(policy), ...given.ports },
  });
  return { ...fixture, packets, fieldReports, happened, config, flags };
}

/** The events of a packet by name. */
export const eventsOf = (packet: TelemetryPacket | undefined): readonly string[] =>
  packet?.events.map((event) => event.description) ?? [];
