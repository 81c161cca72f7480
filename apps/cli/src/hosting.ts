/** Servers of one's own, for tests that have to be able to kill them. */
export { serverAccount } from './host/account.ts';
export { type Home, openHome, removeHome } from './host/home.ts';
export { createServers, type Server, type Servers } from './host/servers.ts';
export { answers, startPostgres } from './postgres/cluster.ts';
export { provideRedis } from './redis/provide.ts';
export { startRedis } from './redis/server.ts';
