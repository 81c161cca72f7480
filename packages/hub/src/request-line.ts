const NULL_FIELD = /"(?:parent|fp)":\s*null/;

/**
 * A request record as it is read back: `parent` and `fp` are left out when they are null
 * (python-scrapinghub's cassettes). Lines without them stay byte for byte what they were.
 */
export function readableRequest(line: Buffer): Buffer {
  const text = line.toString('latin1');
  if (!NULL_FIELD.test(text)) return line;
  try {
    const record = JSON.parse(line.toString('utf8')) as Record<string, unknown>;
    for (const field of ['parent', 'fp']) if (record[field] === null) delete record[field];
    return Buffer.from(JSON.stringify(record));
  } catch {
    return line;
  }
}
