import { Counter } from 'prom-client';

/** Recipients of audiences who were decided about; a chunk that is done again counts again. */
export const recipientsReached = new Counter({
  name: 'carillon_fan_out_recipients_total',
  help: 'Recipients of audiences who were decided about.',
});
