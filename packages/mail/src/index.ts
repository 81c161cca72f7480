export { createMailer, type MailConfig } from './mailer.ts';
