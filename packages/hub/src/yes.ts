/** Python's booleans and the documented `1`, `Y` and `y`; everything else, and nothing, is a no. */
export function isYes(text: string | undefined): boolean {
  return /^(1|true|y|yes)$/i.test(text ?? '');
}
