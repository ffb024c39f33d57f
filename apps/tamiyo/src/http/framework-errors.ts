import { isCodedError } from '@esper/std';
import { HttpError } from './errors.js';

/** Errors of the HTTP framework that a caller causes, as ours. Its messages may quote the request, so ours say what is wrong. */
const FRAMEWORK_REFUSALS: Readonly<Record<string, () => HttpError>> = {
  FST_ERR_CTP_INVALID_MEDIA_TYPE: () =>
    new HttpError('MEDIA_TYPE_UNSUPPORTED', 'the Content-Type is absent or not taken here'),
  FST_ERR_CTP_INVALID_TYPE: () => new HttpError('MEDIA_TYPE_UNSUPPORTED', 'the Content-Type is no media type'),
  FST_ERR_CTP_BODY_TOO_LARGE: () => new HttpError('BODY_TOO_LARGE', 'the body is longer than 1048576 bytes'),
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: () =>
    new HttpError('REQUEST_INVALID', 'the body has not the length that Content-Length says'),
  FST_ERR_BAD_URL: () => new HttpError('REQUEST_INVALID', 'the path has a bad percent escape'),
  FST_ERR_MAX_PARAM_LENGTH: () => new HttpError('REQUEST_INVALID', 'a part of the path is too long'),
  ECONNRESET: () => new HttpError('REQUEST_TIMEOUT', 'the connection ended before the request did'),
};

/** What was thrown while a request was served: ours as it is, the framework's in our words, anything else as it came. */
export function asApiError(error: unknown): unknown {
  if (isCodedError(error)) return error;
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return (Object.hasOwn(FRAMEWORK_REFUSALS, code) ? FRAMEWORK_REFUSALS[code]?.() : undefined) ?? error;
}
