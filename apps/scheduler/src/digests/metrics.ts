import { Counter } from 'prom-client';

export const windowsClosed = new Counter({
  name: 'carillon_digest_windows_total',
  help: 'Digests and batches by how they ended: closed (sent), empty, or replanned (their recipient chose otherwise)',
  labelNames: ['kind', 'outcome'],
});
