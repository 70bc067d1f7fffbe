import { Body, Controller, Get, Param, Patch, Put } from '@nestjs/common';
import { getPreferences, preferencesSchema, setPreferences, type Preferences } from '@carillon/contracts';
import { Messages } from '@carillon/messaging';
import { Allow, Tenant } from '../access/access.guard.ts';
import { Describe } from '../http/describe.ts';
import { recipientId } from '../recipients/recipient-id.ts';
import { merging, replacing, unchecked } from './routes.ts';

type Input = Record<string, unknown>;

/** The preferences of anybody in the tenant, for admins who act on a person’s behalf. */
@Controller('v1/admin/recipients/:id/preferences')
@Allow('admin', { read: 'viewer', change: 'support' })
export class RecipientPreferencesController {
  constructor(private readonly messages: Messages) {}

  @Get()
  @Describe({ summary: 'A recipient’s preferences', response: preferencesSchema, errors: { 404: 'not_found' } })
  get(@Tenant() tenant: string, @Param('id', recipientId) recipient: string): Promise<Preferences> {
    return this.messages.call(getPreferences, { tenant, recipient });
  }

  @Put()
  @Describe({ summary: 'Replace a recipient’s preferences', ...replacing })
  replace(
    @Tenant() tenant: string,
    @Param('id', recipientId) recipient: string,
    @Body(unchecked) preferences: Input,
  ): Promise<Preferences> {
    return this.messages.call(setPreferences, { tenant, recipient, mode: 'replace', preferences });
  }

  @Patch()
  @Describe({ summary: 'Merge into a recipient’s preferences', ...merging })
  merge(
    @Tenant() tenant: string,
    @Param('id', recipientId) recipient: string,
    @Body(unchecked) preferences: Input,
  ): Promise<Preferences> {
    return this.messages.call(setPreferences, { tenant, recipient, mode: 'merge', preferences });
  }
}
