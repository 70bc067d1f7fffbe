import { Counter, Gauge, Histogram } from 'prom-client';

/** Attempts by what became of them. */
export const attemptsTotal = new Counter({
  name: 'carillon_delivery_attempts_total',
  help: 'Attempts to send, by provider and outcome',
  labelNames: ['channel', 'provider', 'outcome'] as const,
});

/** From handing the message to the provider until its answer. */
export const attemptSeconds = new Histogram({
  name: 'carillon_delivery_attempt_seconds',
  help: 'Duration of an attempt to send',
  labelNames: ['channel', 'provider'] as const,
  buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60],
});

/** Which providers are not asked at present; of the installation the tenant is empty. */
export const breakerOpen = new Gauge({
  name: 'carillon_provider_breaker_open',
  help: 'Whether a provider’s circuit breaker is open (1), half open (0.5) or closed (0) in this replica',
  labelNames: ['channel', 'tenant', 'provider'] as const,
});

/** Deliveries that could not be sent at once, by why. */
export const putAsideTotal = new Counter({
  name: 'carillon_delivery_put_aside_total',
  help: 'Deliveries put aside for later without an attempt: busy, shut (breaker), cap, suspended (tenant)',
  labelNames: ['channel', 'why'] as const,
});
