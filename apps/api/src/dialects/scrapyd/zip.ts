const END_OF_DIRECTORY = Buffer.from('PK\x05\x06', 'latin1');
const END_BYTES = 22;
const MAX_COMMENT_BYTES = 65_535;

/** As `zipfile.is_zipfile`: there is an end of a central directory, whose comment reaches to the end of the file. */
export function isZip(bytes: Buffer): boolean {
  const from = Math.max(0, bytes.length - END_BYTES - MAX_COMMENT_BYTES);
  const at = bytes.lastIndexOf(END_OF_DIRECTORY);
  return at >= from && at + END_BYTES <= bytes.length;
}
