import { CONSUMER_BYTES_MAX, RUN_ID_BYTES_MAX } from './signed-part.js';

interface SealFields {
  readonly trainingRunId: string;
  readonly consumer: string;
  readonly issuerEpoch: number;
  readonly sequence: number;
  readonly expiresInMs: number;
}

const TEXT = new TextEncoder();

/** What is wrong with a request to seal, in words; `undefined` when it is sound. */
export function sealRequestFault(request: SealFields): string | undefined {
  return (
    textFault('trainingRunId', request.trainingRunId, RUN_ID_BYTES_MAX) ??
    textFault('consumer', request.consumer, CONSUMER_BYTES_MAX) ??
    numberFault('issuerEpoch', request.issuerEpoch, 0) ??
    numberFault('sequence', request.sequence, 0) ??
    numberFault('expiresInMs', request.expiresInMs, 1)
  );
}

function textFault(name: string, text: string, bytesMax: number): string | undefined {
  // A lone surrogate would be replaced on encoding: the consumer would read another name.
  if (/\p{Surrogate}/u.test(text)) return `${name} is not well-formed text`;
  const length = TEXT.encode(text).length;
  return length >= 1 && length <= bytesMax ? undefined : `${name} must have 1 to ${bytesMax} bytes, has ${length}`;
}

const numberFault = (name: string, value: number, min: number): string | undefined =>
  Number.isSafeInteger(value) && value >= min ? undefined : `${name} must be a safe integer from ${min}, got ${value}`;
