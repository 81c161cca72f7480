export * from './config.ts';
export * from './logger.ts';
export * from './redis.ts';
export * from './service.ts';
export * from './service-config.ts';
