import { randomBytes } from 'node:crypto';
import type { Database } from '../database.ts';

/** A random text of 256 bits that all processes of this installation share; made by whoever asks first. */
export async function sharedSecret(database: Database, name: string): Promise<string> {
  await database('secrets')
    .insert({ name, value: randomBytes(32).toString('hex') })
    .onConflict('name')
    .ignore();
  return (await database('secrets').where({ name }).first('value')).value;
}
