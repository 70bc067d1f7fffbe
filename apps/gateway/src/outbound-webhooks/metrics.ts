import { Counter, Gauge } from 'prom-client';

export const webhookAttempts = new Counter({
  name: 'carillon_webhook_attempts_total',
  help: 'Attempts to tell webhooks of tenants something, by what came of them',
  labelNames: ['outcome'],
});
export const webhooksUnderWay = new Gauge({
  name: 'carillon_webhook_attempts_under_way',
  help: 'Attempts that wait for an answer',
});
