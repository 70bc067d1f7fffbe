import { Controller } from '@nestjs/common';
import { catalogSourceSchema, listSources, sourceStandingSchema } from '@carillon/contracts';
import { Allow } from '../access/access.guard.ts';
import { forTemplates, TimeLimit } from '../limits/time-limit.ts';
import { partsController } from './parts.controller.ts';

/** The exchanges of domain services that a tenant listens to, and whether they are bound. */
@Controller('v1/admin/sources')
@Allow('admin', { read: 'viewer', change: 'editor' })
@TimeLimit(forTemplates)
export class SourcesController extends partsController({
  section: 'sources',
  one: 'source',
  many: 'sources',
  part: catalogSourceSchema,
  example: { exchange: 'studio.events', routing_keys: ['lesson.*'], description: 'What happens to lessons' },
  inForce: sourceStandingSchema,
  hint: '`status` is `missing` while the exchange does not exist; it is bound when it appears.',
  all: (messages, tenant) => messages.call(listSources, { tenant }),
}) {}
