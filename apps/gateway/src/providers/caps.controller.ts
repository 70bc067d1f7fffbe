import { Body, Controller, Get, Param, Put } from '@nestjs/common';
import {
  capsSchema,
  capsViewSchema,
  getCaps,
  putCaps,
  type Caps,
  type CapsView,
  type SentChannel,
} from '@carillon/contracts';
import { Messages } from '@carillon/messaging';
import { Allow, CallerName, Tenant } from '../access/access.guard.ts';
import { Describe } from '../http/describe.ts';
import { body } from '../http/input.pipe.ts';
import { sentChannel } from './channel.pipe.ts';

/** How much a tenant may send. */
@Controller('v1/admin/caps/:channel')
@Allow('admin', { read: 'viewer', change: 'owner' })
export class CapsController {
  constructor(private readonly messages: Messages) {}

  @Get()
  @Describe({
    summary: 'The caps of a channel, and what counts against them today',
    response: capsViewSchema,
    errors: { 404: 'not_found' },
  })
  get(@Tenant() tenant: string, @Param('channel', sentChannel) channel: SentChannel): Promise<CapsView> {
    return this.messages.call(getCaps, { tenant, channel });
  }

  @Put()
  @Describe({
    summary: 'Replace the caps of a channel',
    description:
      'Null is no cap; what is left out is as the installation says. A delivery over a cap is kept as `queued` with the reason and sent when there is room again, at its deadline at the latest; one to a country whose cap is 0 fails.',
    body: capsSchema,
    bodyExample: { per_recipient_hour: 10, per_day: 5000, countries_per_day: { '254': 5000, '*': 0 } },
    response: capsViewSchema,
    errors: { 404: 'not_found', 422: 'invalid_caps' },
  })
  put(
    @Tenant() tenant: string,
    @CallerName() updated_by: string,
    @Param('channel', sentChannel) channel: SentChannel,
    @Body(body(capsSchema)) caps: Caps,
  ): Promise<CapsView> {
    return this.messages.call(putCaps, { tenant, channel, caps, updated_by });
  }
}
