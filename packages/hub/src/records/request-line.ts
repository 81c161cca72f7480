import { readRawObject, writeRawObject } from '@spiderhub/core';

const NULLS_LEFT_OUT = ['parent', 'fp'] as const;

/**
 * A request record as it is read back: `parent` and `fp` are left out when they are null (python-scrapinghub's
 * cassettes). All else stays as it was written, and a line without such nulls byte for byte.
 */
export function readableRequest(line: Buffer): Buffer {
  if (!line.includes('null')) return line;
  const fields = readRawObject(line);
  if (!fields) return line;
  let isChanged = false;
  for (const name of NULLS_LEFT_OUT) {
    if (fields.get(name) === 'null') isChanged = fields.delete(name);
  }
  return isChanged ? Buffer.from(writeRawObject(fields)) : line;
}
