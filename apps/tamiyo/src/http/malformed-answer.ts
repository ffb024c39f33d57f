import { randomUUID } from 'node:crypto';
import { HttpError } from './errors.js';
import { PROBLEM_MEDIA_TYPE, problemOf } from './problem.js';

/** The whole answer to bytes that never became a request, ready for the socket. */
export function malformedAnswer(parserCode: string): string {
  const { status, error } = refusalOf(parserCode);
  const body = JSON.stringify({ ...problemOf(error, randomUUID()), status });
  return [
    `HTTP/1.1 ${status} ${REASONS[status] ?? 'Bad Request'}`,
    `content-type: ${PROBLEM_MEDIA_TYPE}`,
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
    '',
    body,
  ].join('\r\n');
}

const REASONS: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  408: 'Request Timeout',
  431: 'Request Header Fields Too Large',
};

function refusalOf(parserCode: string): { readonly status: number; readonly error: HttpError } {
  if (parserCode === 'ERR_HTTP_REQUEST_TIMEOUT')
    return { status: 408, error: new HttpError('REQUEST_TIMEOUT', 'the request did not arrive whole in its time') };
  if (parserCode === 'HPE_HEADER_OVERFLOW')
    return { status: 431, error: new HttpError('REQUEST_MALFORMED', 'the headers are longer than 16384 bytes') };
  return { status: 400, error: new HttpError('REQUEST_MALFORMED', 'these bytes are no HTTP request') };
}
