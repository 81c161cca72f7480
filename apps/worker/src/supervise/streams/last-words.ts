/** `outcome` of a FIN message; null when there is none. */
export function outcomeIn(payload: Buffer): string | null {
  const outcome = parsed(payload)?.outcome;
  // Postgres' text cannot hold a NUL.
  return typeof outcome === 'string' && outcome !== '' ? outcome.replaceAll('\0', '') : null;
}

/** `stats` of a STA message as JSON text; null when there are none. */
export function statsIn(payload: Buffer): string | null {
  const stats = parsed(payload)?.stats;
  return typeof stats === 'object' && stats !== null ? JSON.stringify(stats) : null;
}

/** The crawl is hostile: what is not the JSON we expect is no outcome and no stats. */
function parsed(payload: Buffer): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(payload.toString('utf8'));
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}
