import type { ApiAnswer } from '../api-request.js';
import { JSON_MEDIA_TYPE } from '../api-routes.js';
import { jsonText } from '../json-text.js';

/** Plain data as a JSON answer. */
export const jsonAnswer = (value: unknown, status = 200): ApiAnswer => ({
  status,
  mediaType: JSON_MEDIA_TYPE,
  body: jsonText(value),
});
