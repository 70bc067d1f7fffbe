import { Counter, Gauge } from 'prom-client';

export const templateStops = new Counter({
  name: 'carillon_templates_stopped_total',
  help: 'Renderings that were stopped, by the limit that they exceeded: time, memory or output',
  labelNames: ['limit'],
});

export const templatesInQuarantine = new Gauge({
  name: 'carillon_templates_in_quarantine',
  help: 'Template versions that had to be stopped and are filled in apart from others',
});

export const workerStops = new Counter({
  name: 'carillon_template_workers_replaced_total',
  help: 'Worker processes for templates that were replaced, by the reason: time, memory or crash',
  labelNames: ['reason'],
});
