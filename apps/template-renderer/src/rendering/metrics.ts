import { Counter } from 'prom-client';

export const channelsRendered = new Counter({
  name: 'carillon_channels_rendered_total',
  help: 'Channels of notifications given their words, by how it ended: done, failed, or apart (for a worker)',
  labelNames: ['channel', 'outcome'],
});
