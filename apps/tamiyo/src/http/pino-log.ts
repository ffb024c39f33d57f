import { isCodedError } from '@esper/std';
import { type DestinationStream, pino } from 'pino';
import type { AnsweredLine, HttpLog } from './http-log.js';

export const LOG_LEVELS = ['silent', 'error', 'warn', 'info', 'debug'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

const TEXT_CHARACTERS_MAX = 2000;
const CAUSES_MAX = 4;

/** The log of the interface as NDJSON. Requests that went well are `debug`, refused ones `info`, what broke here `error`. */
export function pinoLog(level: LogLevel, destination: DestinationStream): HttpLog {
  const log = pino({ level, base: null, messageKey: 'event' }, destination);
  return {
    answered: (line) => log[levelOf(line)](line, 'tamiyo.http.answered'),
    broke: (requestId, error) => log.error({ requestId, ...brokenFacts(error) }, 'tamiyo.http.broke'),
    noted: (name, facts) => log.info(facts, `tamiyo.${name}`),
  };
}

const levelOf = ({ status }: AnsweredLine): 'debug' | 'info' | 'warn' => {
  if (status >= 500) return 'warn';
  return status >= 400 ? 'info' : 'debug';
};

/** Code, message and the messages of its causes. Never the fields of an error: they may hold what was being worked on. */
function brokenFacts(error: unknown): Readonly<Record<string, unknown>> {
  const causes: string[] = [];
  for (let at = causeOf(error); at !== undefined && causes.length < CAUSES_MAX; at = causeOf(at))
    causes.push(textOf(at));
  return {
    code: isCodedError(error) ? error.code : 'INTERNAL',
    message: textOf(error),
    causes,
    stack: error instanceof Error ? error.stack?.slice(0, TEXT_CHARACTERS_MAX) : undefined,
  };
}

const causeOf = (error: unknown): unknown => (error instanceof Error ? error.cause : undefined);
const textOf = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).slice(0, TEXT_CHARACTERS_MAX);
