import { Counter, Histogram } from 'prom-client';

export const timersEnded = new Counter({
  name: 'carillon_timers_total',
  help: 'Timers by how a firing ended: fired, expired, or failed (tried again)',
  labelNames: ['outcome'],
});

export const lateSeconds = new Histogram({
  name: 'carillon_timer_late_seconds',
  help: 'Time from when a timer was due until its message was confirmed',
  buckets: [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 30, 300],
});
