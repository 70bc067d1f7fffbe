import { emailEngaged, freshId, getEmailLink, Problem, type EmailEngaged } from '@carillon/contracts';
import { Messages } from '@carillon/messaging';
import { CONFIG, PublicLinks, type LinkedDelivery } from '@carillon/service';
import { Controller, Get, Header, Inject, Logger, Param, Req, Res, UseFilters } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Allow } from '../access/access.guard.ts';
import type { GatewayConfig } from '../config.ts';
import { Describe } from '../http/describe.ts';
import { VisitLimit } from '../http/visit-limit.ts';
import { PageFilter } from '../public-pages/page.filter.ts';
import { engagedBy } from './engaged-by.ts';

/** One transparent pixel. */
const pixel = Buffer.from('R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7', 'base64');

/** Neither caches nor the pages that links lead to learn anything. */
const discreet = { 'cache-control': 'no-store, private', 'referrer-policy': 'no-referrer', 'x-robots-tag': 'noindex' };

/** What emails lead to: their pixel, and their links. Whoever has the email may ask. */
@Controller()
@Allow('public')
@UseFilters(PageFilter)
export class EngagementController {
  private readonly logger = new Logger(EngagementController.name);
  private readonly links: PublicLinks | undefined;
  private readonly limit = new VisitLimit(60);

  constructor(
    private readonly messages: Messages,
    @Inject(CONFIG) config: GatewayConfig,
  ) {
    this.links = PublicLinks.of(config);
  }

  @Get('o/:pixel')
  @Header('content-type', 'image/gif')
  @Describe({
    summary: 'The pixel of an email',
    description: 'Tells that the email was opened. Its name is signed; any other is not found.',
    errors: { 404: 'not_found', 429: 'too_many_requests' },
  })
  open(@Param('pixel') name: string, @Req() request: FastifyRequest, @Res() reply: FastifyReply): void {
    const token = /^([\w-]+)\.gif$/.exec(name)?.[1];
    this.tell(this.deliveryOf(token), 'opened', null, request);
    void reply.headers(discreet).type('image/gif').send(pixel);
  }

  @Get('c/:signed')
  @Describe({
    summary: 'A link of an email',
    description:
      'Leads where the link of the email leads, and tells that it was followed. The target is what stands in the email that was sent, never part of the address; a link that is not ours is not found.',
    status: 302,
    errors: { 404: 'not_found', 429: 'too_many_requests' },
  })
  async click(
    @Param('signed') signed: string,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const [, token, number] = /^([\w-]+)\.(\d{1,4})$/.exec(signed) ?? [];
    const delivery = this.deliveryOf(token);
    const link = Number(number);
    const { tenant, deliveryId: delivery_id } = delivery;
    const { url } = await this.messages.call(getEmailLink, { tenant, delivery_id, link });
    this.tell(delivery, 'clicked', link, request);
    // Written as it may stand in a header: a target can have letters of any alphabet.
    void reply.headers(discreet).redirect(URL.parse(url)?.href ?? encodeURI(url), 302);
  }

  /** @throws Problem 404, 429 */
  private deliveryOf(token: string | undefined): LinkedDelivery {
    const delivery = token === undefined ? undefined : this.links?.readEngagement(token);
    if (!delivery) throw new Problem({ status: 404, code: 'not_found', title: 'There is no such link' });
    this.limit.take(token!);
    return delivery;
  }

  /** Nobody waits for it: whoever reads an email gets the picture and the page whatever becomes of the count. */
  private tell(
    { tenant, deliveryId }: LinkedDelivery,
    kind: EmailEngaged['kind'],
    link: number | null,
    request: FastifyRequest,
  ): void {
    const at = new Date().toISOString();
    const data = { delivery_id: deliveryId, kind, link, by: engagedBy(request), at };
    this.messages.publish(emailEngaged, data, { tenant, id: freshId(), time: at }).catch((error: unknown) => {
      this.logger.warn({ msg: 'an open or click is not counted', kind, error: (error as Error).name });
    });
  }
}
