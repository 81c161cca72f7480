import { randomBytes, scrypt as scryptCallback, timingSafeEqual } from 'node:crypto';

/** About 50 ms and 16 MB for each check: slow enough against guessing a stolen table. */
const COST = { N: 2 ** 14, r: 8, p: 1 };
const KEY_BYTES = 32;
const SALT_BYTES = 16;

function scrypt(password: string, salt: Buffer, cost: typeof COST): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    scryptCallback(password.normalize('NFC'), salt, KEY_BYTES, cost, (error, key) =>
      error ? reject(error) : resolve(key),
    );
  });
}

/** What is stored of a password: `scrypt$N$r$p$salt$hash`, so that the cost may grow without breaking old ones. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(SALT_BYTES);
  const key = await scrypt(password, salt, COST);
  return ['scrypt', COST.N, COST.r, COST.p, salt.toString('base64'), key.toString('base64')].join('$');
}

/** True when the password is the one that was hashed. Takes the same time either way. */
export async function checkPassword(password: string, stored: string): Promise<boolean> {
  const [scheme, n, r, p, salt, key] = stored.split('$');
  if (scheme !== 'scrypt' || !salt || !key) throw new Error('a stored password has an unknown form');
  const cost = { N: Number(n), r: Number(r), p: Number(p) };
  const wanted = Buffer.from(key, 'base64');
  return timingSafeEqual(await scrypt(password, Buffer.from(salt, 'base64'), cost), wanted);
}
