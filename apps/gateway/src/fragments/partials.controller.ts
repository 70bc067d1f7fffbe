import { partialDetailSchema, partialSourceSchema } from '@carillon/contracts';
import { Controller } from '@nestjs/common';
import { Allow } from '../access/access.guard.ts';
import { forTemplates, TimeLimit } from '../limits/time-limit.ts';
import { fragmentsController } from './fragments.controller.ts';

const partials = fragmentsController({
  kind: 'partial',
  source: partialSourceSchema,
  example: {
    text: 'Questions? Call {{ brand.support_phone }}.',
    translations: { sw: 'Maswali? Piga {{ brand.support_phone }}.' },
  },
  detail: partialDetailSchema,
  what: "A piece of text that templates of every channel put in with `{% render 'key', name: value %}`.",
});

/** What the templates of a tenant share. */
@Controller('v1/admin/partials')
@Allow('admin', { read: 'viewer', change: 'editor' })
@TimeLimit(forTemplates)
export class PartialsController extends partials {}
