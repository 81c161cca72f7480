export { createFailureCounts, type RedisFailureCounts } from './failure-counts.ts';
export { createRedisGuard, redisProblem } from './guard.ts';
export {
  createSignalListener,
  createSignalSender,
  type SignalListener,
  type SignalSender,
} from './signals.ts';
export {
  createTicketReceiver,
  createTicketSender,
  type QueueOptions,
  type TicketReceiver,
  type TicketSender,
} from './tickets.ts';
export { createUsageCounts, type RedisUsageCounts } from './usage-counts.ts';
