/** Files whose frames say nothing about a project, and what of a path is this machine's own. */
const OURS = /\/launcher\/|^<frozen |\/importlib\/__init__\.py$/;
const SERVER_PATH = /(?:[^\s"':,]+)?\/(?:site-packages|lib\/python3[^/\s"]*|\d+\/[\w.]+-[\w.]+\.egg)\//g;
const FRAME = /^ +File "([^"]*)", line \d+/;
const TRACEBACK = 'Traceback (most recent call last):';

/** The end of a Python program's output, its cause first: without frames of ours and without paths of this machine. */
export function importFailure(output: string): string {
  const lines = withoutOurFrames(output.split('\n'));
  // The end alone may have come to us, without the first line.
  const begin = Math.max(
    lines.lastIndexOf(TRACEBACK),
    lines.findLastIndex((line) => FRAME.test(line)),
  );
  const at = lines.findIndex((line, i) => i > begin && begin >= 0 && /^\S/.test(line));
  const text = at < 0 ? lines : [...lines.slice(at), ...lines.slice(0, at)];
  return text.join('\n').trim().replaceAll(SERVER_PATH, '');
}

/** What to do about a variable that a project reads and does not have; null when it failed for another reason. */
export function missingVariable(output: string): string | null {
  const name = /^KeyError: '([A-Za-z_]\w*)'$/m.exec(output)?.[1];
  if (name === undefined || !/\benviron\b|<frozen os>|\/os\.py"/.test(output)) return null;
  return `The project reads the environment variable ${name}, which it does not have: set it with "npm run admin -- project env".`;
}

function withoutOurFrames(lines: string[]): string[] {
  let skipping = false;
  return lines.filter((line) => {
    const file = FRAME.exec(line)?.[1];
    if (file !== undefined) skipping = OURS.test(file);
    // The source of a frame is indented deeper than the frame.
    else if (!line.startsWith('    ')) skipping = false;
    return !skipping;
  });
}

/** What pip says of the packages that it finds in the stack, of those it covers there, and of where it looks. */
const NOISE =
  /^(Requirement already satisfied|Looking in |\[notice\]|\s*(Attempting uninstall|Found existing|Not uninstalling|Can't uninstall))/;

export function isPipNoise(line: string): boolean {
  return NOISE.test(line);
}

/** The end of pip's output: its errors first, without what went well. */
export function pipFailure(output: string): string {
  const lines = output.split('\n').filter((line) => !isPipNoise(line));
  const errors = lines.filter((line) => line.startsWith('ERROR:'));
  const rest = lines.filter((line) => !line.startsWith('ERROR:'));
  return [...errors.map((line) => line.slice('ERROR:'.length).trim()), ...rest].join('\n').trim();
}

/** A system's words for ENOSPC and EDQUOT, as Python and pip repeat them. */
export const NO_ROOM = /No space left on device|Disk quota exceeded/;
