import { Counter } from 'prom-client';

export const requestsLimited = new Counter({
  name: 'carillon_requests_limited_total',
  help: 'Requests refused with 429, by the limit that was reached',
  labelNames: ['policy'],
});
export const credentialsRefused = new Counter({
  name: 'carillon_credentials_refused_total',
  help: 'Credentials that were not valid, by kind',
  labelNames: ['kind'],
});
