import { Body, Controller, Get, Patch, Put } from '@nestjs/common';
import {
  brandAnswerSchema,
  brandSettingsSchema,
  getBrand,
  saveBrand,
  type BrandAnswer,
  type BrandSettings,
} from '@carillon/contracts';
import { Messages } from '@carillon/messaging';
import { Allow, CallerName, Tenant } from '../access/access.guard.ts';
import { Describe } from '../http/describe.ts';
import { body } from '../http/input.pipe.ts';

const example: BrandSettings = saveBrand.example.request.settings;

/** Whose messages a tenant's are. */
@Controller('v1/admin/brand')
@Allow('admin', { read: 'viewer', change: 'editor' })
export class BrandController {
  constructor(private readonly messages: Messages) {}

  @Get()
  @Describe({
    summary: 'Your brand',
    description:
      'The name, logo, colours, addresses and language that your messages are written with: `brand` in every template. `settings` is what you said yourself; the rest is the installation’s.',
    response: brandAnswerSchema,
  })
  get(@Tenant() tenant: string): Promise<BrandAnswer> {
    return this.messages.call(getBrand, { tenant });
  }

  @Put()
  @Describe({
    summary: 'Set your brand',
    description:
      'What is left out, or null, is as the installation’s settings say. In use from the next message on, in Carillon’s own templates and in yours; nothing has to be saved anew.',
    body: brandSettingsSchema,
    bodyExample: example,
    response: brandAnswerSchema,
  })
  put(
    @Tenant() tenant: string,
    @CallerName() by: string,
    @Body(body(brandSettingsSchema)) settings: BrandSettings,
  ): Promise<BrandAnswer> {
    return this.messages.call(saveBrand, { tenant, settings, merge: false, by });
  }

  @Patch()
  @Describe({
    summary: 'Change some of your brand',
    description: 'What is left out stays as it is; null goes back to the default.',
    body: brandSettingsSchema,
    bodyExample: { colors: { primary: '#0f766e' }, support_phone: null },
    response: brandAnswerSchema,
  })
  patch(
    @Tenant() tenant: string,
    @CallerName() by: string,
    @Body(body(brandSettingsSchema)) settings: BrandSettings,
  ): Promise<BrandAnswer> {
    return this.messages.call(saveBrand, { tenant, settings, merge: true, by });
  }
}
