import { open } from 'node:fs/promises';

const END_OF_DIRECTORY = Buffer.from('PK\x05\x06', 'latin1');
const END_BYTES = 22;
const MAX_COMMENT_BYTES = 65_535;

/** As `zipfile.is_zipfile`: there is an end of a central directory, whose comment reaches to the end of the file. */
export async function isZip(path: string): Promise<boolean> {
  const file = await open(path, 'r');
  try {
    const { size } = await file.stat();
    const length = Math.min(size, END_BYTES + MAX_COMMENT_BYTES);
    const { buffer } = await file.read(Buffer.alloc(length), 0, length, size - length);
    const at = buffer.lastIndexOf(END_OF_DIRECTORY);
    return at >= 0 && at + END_BYTES <= length;
  } finally {
    await file.close();
  }
}
