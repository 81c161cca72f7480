/** Whether an error is the operating system's (or a driver's) with this code, such as `ENOENT`. */
export function hasCode(error: unknown, code: string): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === code;
}

/** Of a disk, of its owner's quota, of Postgres's disk, and what we make of it ourselves. */
const FULL = ['ENOSPC', 'EDQUOT', '53100', 'disk_full'];

/** Whether something could not be written for want of room. */
export function isDiskFull(error: unknown): boolean {
  return FULL.some((code) => hasCode(error, code));
}

/** Whether a disk fails, or lets nobody write any more. */
export function isDiskBroken(error: unknown): boolean {
  return hasCode(error, 'EIO') || hasCode(error, 'EROFS');
}
