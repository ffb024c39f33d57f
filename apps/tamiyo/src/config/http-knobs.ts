import { z } from 'zod';
import { knob, path, whole } from './knob.js';

/** The HTTP interface and the bus as channels for decisions. */
export const HTTP_KNOBS = {
  'http.host': knob('TAMIYO_HTTP_HOST', z.enum(['127.0.0.1', '::1', 'off']), {
    default: '127.0.0.1',
    changes: 'Loopback address that tamiyo serve listens on; off for no TCP.',
  }),
  'http.port': knob('TAMIYO_HTTP_PORT', whole(0, 65_535), {
    default: 8690,
    changes: 'TCP port of tamiyo serve; 0 takes any that is free.',
  }),
  'http.socket': knob('TAMIYO_HTTP_SOCKET', path(), {
    default: '',
    changes: 'Path of a Unix socket to listen on as well; empty for none.',
  }),
  'http.tokenFolder': knob('TAMIYO_HTTP_TOKEN_FOLDER', path(), {
    default: '',
    changes: 'Folder of the access tokens; empty means <dataDir>/tokens.',
  }),
  'http.rateMax': knob('TAMIYO_HTTP_RATE_MAX', whole(1, 1_000_000), {
    default: 2_000,
    changes: 'Requests one token may send a second; twice as many at once.',
  }),
  'http.concurrentMax': knob('TAMIYO_HTTP_CONCURRENT_MAX', whole(1, 100_000), {
    default: 512,
    changes: 'Requests under way at once; one more is refused.',
  }),
  'http.streamsMax': knob('TAMIYO_HTTP_STREAMS_MAX', whole(0, 10_000), {
    default: 32,
    changes: 'Event streams open at once; one more is refused.',
  }),
  'http.connectionsMax': knob('TAMIYO_HTTP_CONNECTIONS_MAX', whole(1, 100_000), {
    default: 1_024,
    changes: 'Connections open at once; one more is closed unanswered.',
  }),
  'http.requestMs': knob('TAMIYO_HTTP_REQUEST_MS', whole(100, 600_000), {
    default: 10_000,
    changes: 'Time for a whole request to arrive, in milliseconds.',
  }),
  'http.shutdownMs': knob('TAMIYO_HTTP_SHUTDOWN_MS', whole(0, 600_000), {
    default: 5_000,
    changes: 'Time that requests under way get when the host stops, in milliseconds; what is left is cut.',
  }),
  'bus.decisions': knob('TAMIYO_BUS_DECISIONS', z.boolean(), {
    default: false,
    changes: 'Also answers packets that come over the bus; the step API is the normal channel.',
  }),
} as const;
