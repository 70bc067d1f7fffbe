import { Controller } from '@nestjs/common';
import { catalogCategorySchema, effectiveCatalog, effectiveCategorySchema } from '@carillon/contracts';
import { Allow } from '../access/access.guard.ts';
import { forTemplates, TimeLimit } from '../limits/time-limit.ts';
import { partsController } from './parts.controller.ts';

/** The groups of notification types that a tenant has. */
@Controller('v1/admin/categories')
@Allow('admin', { read: 'viewer', change: 'editor' })
@TimeLimit(forTemplates)
export class CategoriesController extends partsController({
  section: 'categories',
  one: 'category',
  many: 'categories',
  part: catalogCategorySchema,
  example: { name: 'Lessons', description: 'What happens to a lesson that you have booked' },
  inForce: effectiveCategorySchema,
  hint: '`origin` is `tenant` for your own and `system` for built-in ones.',
  all: async (messages, tenant) => (await messages.call(effectiveCatalog, { tenant })).categories,
}) {}
