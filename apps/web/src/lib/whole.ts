/** The number that an address names, or null: `007` and `1e3` are none. */
export function whole(text: string): number | null {
  return /^[1-9]\d{0,8}$/.test(text) ? Number(text) : null;
}
