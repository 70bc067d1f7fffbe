import { Gauge } from 'prom-client';

export const sourceBindings = new Gauge({
  name: 'carillon_source_bindings',
  help: 'Bindings to exchanges of domain services that catalogs want, by state: bound, missing (no such exchange) or refused',
  labelNames: ['state'],
});
