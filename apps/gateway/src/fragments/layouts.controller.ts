import { layoutDetailSchema, layoutSourceSchema } from '@carillon/contracts';
import { Controller } from '@nestjs/common';
import { Allow } from '../access/access.guard.ts';
import { forTemplates, TimeLimit } from '../limits/time-limit.ts';
import { fragmentsController } from './fragments.controller.ts';

const layouts = fragmentsController({
  kind: 'layout',
  source: layoutSourceSchema,
  example: {
    mjml: '<mjml><mj-body><mj-section><mj-column>[[greeting]][[body]]</mj-column></mj-section><mj-section background-color="{{ brand.colors.primary }}"><mj-column><mj-text>[[sender]]</mj-text></mj-column></mj-section></mj-body></mjml>',
    words: { en: { greeting: 'Dear {{ recipient.name | default: "parent" }},' }, sw: { greeting: 'Mpendwa mzazi,' } },
  },
  detail: layoutDetailSchema,
  what: 'The frame around emails. The one named `default` frames every email that names no other one, Carillon’s own too.',
});

/** The frames of a tenant's emails. */
@Controller('v1/admin/layouts')
@Allow('admin', { read: 'viewer', change: 'editor' })
@TimeLimit(forTemplates)
export class LayoutsController extends layouts {}
