import { Body, Controller, Headers, Param, Post, Query, Res } from '@nestjs/common';
import {
  admitTest,
  availableChannels,
  getRecipient,
  partsOfTemplateKey,
  previewInputSchema,
  previewSchema,
  previewTemplate,
  previewTimeoutMs,
  Problem,
  sendTemplateTest,
  testSendInputSchema,
  type Channel,
  type Preview,
  type PreviewInput,
  type TestSendInput,
} from '@carillon/contracts';
import { Messages } from '@carillon/messaging';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { Allow, Tenant } from '../access/access.guard.ts';
import { Identity, type RequestIdentity } from '../idempotency/request-identity.ts';
import { Describe } from '../http/describe.ts';
import { body, query } from '../http/input.pipe.ts';
import { forTemplates, TimeLimit } from '../limits/time-limit.ts';
import { templateKey } from '../templates/templates.controller.ts';
import { pageOf, sendPage } from './html-page.ts';

const formatQuery = z.strictObject({ format: z.enum(['json', 'html']).optional() });
type Format = z.infer<typeof formatQuery>;

const testedSchema = z.object({
  notification_id: z.string(),
  /** In the log of the channel: `GET /v1/admin/deliveries/{channel}/{id}`. */
  delivery_id: z.string(),
  channel: z.enum(availableChannels),
});

const choosing =
  'With `source` it is of words that are saved nowhere, with `version` of a published version, with `variant` of those of an experiment; without them of the draft, and of the newest version where there is none. It is filled in with `data`, or with the [sample data](#tag/samples) of the type.';

/** What templates would say, on the screen or in one’s own mailbox. */
@Controller('v1/admin/templates')
@Allow('admin', 'editor')
@TimeLimit(forTemplates)
export class PreviewsController {
  constructor(private readonly messages: Messages) {}

  @Post(':key/preview')
  @Allow('admin', 'viewer')
  @Describe({
    summary: 'What a template would say',
    description: `${choosing} \`rendered\` is null when something is wrong; \`errors\` then names everything, by field, line and column. With \`?format=html\`, or \`Accept: text/html\`, the answer is the HTML of an email or of an in-app notification as a page that runs nothing.`,
    query: formatQuery,
    body: previewInputSchema,
    bodyExample: { data: { invoice_number: 'INV-1001', amount: 12500, currency: 'KES' }, locale: 'en-KE' },
    response: previewSchema,
    responseTypes: ['text/html'],
    errors: { 404: 'not_found', 422: 'cannot_render, no_html' },
  })
  async preview(
    @Tenant() tenant: string,
    @Param('key', templateKey) key: string,
    @Headers('accept') accept: string | undefined,
    @Query(query(formatQuery)) { format }: Format,
    @Body(body(previewInputSchema)) { recipient: id, locale, time_zone, ...request }: PreviewInput,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Preview | string> {
    const person = id === undefined ? undefined : await this.messages.call(getRecipient, { tenant, id });
    const recipient = {
      ...(person && { id: person.id, name: person.name, locale: person.locale, time_zone: person.time_zone }),
      ...(locale !== undefined && { locale }),
      ...(time_zone !== undefined && { time_zone }),
    };
    const options = { timeoutMs: previewTimeoutMs };
    const preview = await this.messages.call(previewTemplate, { tenant, key, ...request, recipient }, options);
    const html = format === 'html' || (format === undefined && /^\s*text\/html\b/i.test(accept ?? ''));
    return html ? sendPage(reply, pageOf(preview)) : preview;
  }

  @Post(':key/test-send')
  @Describe({
    summary: 'Send a template to oneself',
    description: `${choosing} \`to\` is a recipient’s id, or an address on the template’s channel. It goes the way of every delivery and stands in the log under the type \`test_message\`; its subject, title or text begins with “Test”. At most 30 in ten minutes for all admins of a tenant.`,
    body: testSendInputSchema,
    bodyExample: { to: 'amina@example.org' },
    response: testedSchema,
    status: 202,
    errors: {
      404: 'not_found',
      422: 'cannot_render, channel_unavailable, invalid_address, no_contact, suppressed_contact',
      429: 'too_many_tests',
    },
  })
  async testSend(
    @Tenant() tenant: string,
    @Identity() identity: RequestIdentity,
    @Param('key', templateKey) key: string,
    @Body(body(testSendInputSchema)) { to, locale, time_zone, ...request }: TestSendInput,
  ): Promise<z.infer<typeof testedSchema>> {
    const channel = sendable(partsOfTemplateKey(key).channel);
    const admitted = await this.messages.call(admitTest, { tenant, channel, to, limit: 'tenant' });
    const recipient = {
      ...admitted.recipient,
      ...(locale !== undefined && { locale }),
      ...(time_zone !== undefined && { time_zone }),
    };
    const sent = await this.messages.call(
      sendTemplateTest,
      { tenant, id: identity.id(), key, ...request, to: { ...admitted, recipient } },
      { timeoutMs: previewTimeoutMs },
    );
    return { ...sent, channel };
  }
}

/** @throws Problem 422 for a channel without a sender */
function sendable(channel: Channel): (typeof availableChannels)[number] {
  const found = availableChannels.find((available) => available === channel);
  if (found) return found;
  throw Problem.unprocessable('channel_unavailable', 'Nothing is sent on this channel yet', [
    { path: 'key', message: `must be of one of the channels ${availableChannels.join(', ')}` },
  ]);
}
