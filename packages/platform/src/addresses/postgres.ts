/** The variables that say where Postgres is. */
export interface DatabaseSettings {
  DATABASE_URL: string;
  DATABASE_DIRECT_URL?: string | undefined;
  PGSSLROOTCERT?: string | undefined;
}

/** How a process reaches Postgres. */
export interface DatabaseAddress {
  url: string;
  /** Past a pooler, for what holds its connection for long or must not wait behind others. */
  directUrl: string;
  /** `url` leads to a pooler whose connections keep nothing of what a session sets. */
  pooled: boolean;
}

/** What the environment says of Postgres. Two addresses mean that the first one is a pooler. */
export function databaseAddress(settings: DatabaseSettings): DatabaseAddress {
  const { DATABASE_URL, DATABASE_DIRECT_URL, PGSSLROOTCERT } = settings;
  const url = withAuthority(DATABASE_URL, PGSSLROOTCERT);
  if (DATABASE_DIRECT_URL === undefined) return { url, directUrl: url, pooled: false };
  return { url, directUrl: withAuthority(DATABASE_DIRECT_URL, PGSSLROOTCERT), pooled: true };
}

const VERIFYING = ['prefer', 'require', 'verify-ca', 'verify-full'];

/** libpq knows PGSSLROOTCERT, `pg` only the parameter. */
function withAuthority(url: string, file: string | undefined): string {
  if (file === undefined) return url;
  const { searchParams } = new URL(url);
  if (searchParams.has('sslrootcert') || !VERIFYING.includes(searchParams.get('sslmode') ?? '')) return url;
  return `${url}&sslrootcert=${encodeURIComponent(file)}`;
}
