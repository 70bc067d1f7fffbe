import { Controller } from '@nestjs/common';
import { catalogTypeSchema, effectiveCatalog, effectiveTypeSchema } from '@carillon/contracts';
import { Allow } from '../access/access.guard.ts';
import { forTemplates, TimeLimit } from '../limits/time-limit.ts';
import { exampleDocument } from './example.ts';
import { partsController } from './parts.controller.ts';

/** The notification types that a tenant has. */
@Controller('v1/admin/types')
@Allow('admin', { read: 'viewer', change: 'editor' })
@TimeLimit(forTemplates)
export class TypesController extends partsController({
  section: 'types',
  one: 'notification type',
  many: 'notification types',
  part: catalogTypeSchema,
  example: exampleDocument.types.lesson_scheduled!,
  inForce: effectiveTypeSchema,
  hint: '`origin` is `tenant` for your own and `system` for built-in ones.',
  all: async (messages, tenant) => (await messages.call(effectiveCatalog, { tenant })).types,
}) {}
