import { Readable } from 'node:stream';
import { Controller, Delete, Get, Param, StreamableFile } from '@nestjs/common';
import { eraseRecipient, erasureSchema, personalDataSchema, Problem } from '@carillon/contracts';
import { Messages } from '@carillon/messaging';
import { z } from 'zod';
import { Allow, Tenant } from '../access/access.guard.ts';
import { keptDeadLetterSchema } from '../dead-letters/dead-letter-view.ts';
import { toldSchema } from '../outbound-webhooks/endpoint.ts';
import { Describe } from '../http/describe.ts';
import { recipientId } from '../recipients/recipient-id.ts';
import { PersonalData } from './personal-data.ts';

const exportSchema = personalDataSchema.extend({
  tenant: z.string(),
  recipient: z.string(),
  exported_at: z.string(),
  dead_letters: z.array(keptDeadLetterSchema),
  webhook_messages: z.array(toldSchema),
});

/** What is held about a person: to hand it out, and to erase it. */
@Controller('v1/recipients/:id')
@Allow('recipients:write', { read: 'support', change: 'editor' })
export class PersonalDataController {
  constructor(
    private readonly messages: Messages,
    private readonly data: PersonalData,
  ) {}

  @Get('export')
  @Describe({
    summary: 'Everything held about a person, as one JSON document',
    description:
      'Profile, preferences, decisions, inbox, deliveries with their contents and attempts, pending timers, dead letters and what webhooks were told. ' +
      'A history of any length is streamed; an answer that breaks off is not complete, ask again.',
    response: exportSchema,
    headers: { 'content-disposition': 'The name of the file.' },
    errors: { 404: 'not_found' },
  })
  async export(@Tenant() tenant: string, @Param('id', recipientId) id: string): Promise<StreamableFile> {
    const pieces = await this.data.export(tenant, id, new Date());
    if (!pieces) throw Problem.notFound('recipient', id);
    return new StreamableFile(Readable.from(pieces, { objectMode: false }), {
      type: 'application/json; charset=utf-8',
      disposition: `attachment; filename="${id.replace(/[^\w.-]/g, '_')}.json"`,
    });
  }

  @Delete()
  @Describe({
    summary: 'Erase a person everywhere',
    description:
      'Once answered the erasure is certain: the recipient with preferences and decisions is gone, and nothing that is on its way ' +
      'reaches them. Inbox, deliveries, timers and dead letters follow within moments. The id and the time stay, so that ' +
      'nothing older brings the person back; creating the id anew later begins with nothing.',
    response: erasureSchema,
    status: 202,
    errors: { 404: 'not_found' },
  })
  erase(@Tenant() tenant: string, @Param('id', recipientId) id: string): Promise<z.infer<typeof erasureSchema>> {
    return this.messages.call(eraseRecipient, { tenant, recipient: id });
  }
}
