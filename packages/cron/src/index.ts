export { createCron } from './cron.ts';
