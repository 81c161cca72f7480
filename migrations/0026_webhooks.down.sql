drop table webhook_deliveries, webhook_messages, webhook_secrets, webhooks, event_cursors;
