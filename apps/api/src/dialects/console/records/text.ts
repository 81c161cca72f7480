/** The text of bytes, cut at so many of them and never inside of a character. */
export function cutText(line: Buffer, start: number, end: number, most: number): string {
  if (end - start <= most) return line.toString('utf8', start, end);
  let cut = start + most;
  // Bytes that go on with a character begin with 10.
  while (cut > start && ((line[cut] as number) & 0xc0) === 0x80) cut -= 1;
  return line.toString('utf8', start, cut);
}

/** A text cut at so many characters, no pair of surrogates apart. */
export function shortened(text: string, most: number): string {
  if (text.length <= most) return text;
  const last = text.charCodeAt(most - 1);
  return text.slice(0, last >= 0xd800 && last <= 0xdbff ? most - 1 : most);
}
