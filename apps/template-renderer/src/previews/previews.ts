import {
  deliveryId,
  freshId,
  Problem,
  type NotificationRouted,
  type Preview,
  type previewTemplate,
  type sendTemplateTest,
} from '@carillon/contracts';
import type { RequestOf, ResponseOf } from '@carillon/messaging';
import { CONFIG } from '@carillon/service';
import { Inject, Injectable } from '@nestjs/common';
import { BrandStore } from '../branding/brand-store.ts';
import { BuiltInTemplates } from '../built-in/built-in-templates.ts';
import type { Words } from '../channels/index.ts';
import type { Config } from '../config.ts';
import { IsolatedTemplates } from '../isolation/isolated-templates.ts';
import { DeliveryPublisher } from '../rendering/delivery-publisher.ts';
import { RenderFailure } from '../rendering/render-failure.ts';
import { deliveriesOf, isAvailable } from '../rendering/render-notification.ts';
import { shownWordsOf, type SmsTariff } from '../rendering/shown-words.ts';
import { Samples } from '../samples/samples.ts';
import { nameOf } from '../templates/template-name.ts';
import type { TemplatedChannel } from '../templates/template-source.ts';
import { asTest } from './as-test.ts';
import { WordsChoice, type ChosenWords } from './chosen-words.ts';
import { previewErrors } from './preview-errors.ts';
import { smsNotes } from './sms-notes.ts';

type Request = RequestOf<typeof previewTemplate>;

/** Somebody made up, for words that are read by nobody. */
const reader = { id: 'sample', name: 'Amina Otieno', time_zone: 'UTC' };

/** What came of filling in words that somebody looks at. */
interface Filled {
  chosen: ChosenWords;
  routed: NotificationRouted;
  /** What they say; null where something is wrong. */
  words: Words[TemplatedChannel] | null;
  errors: Preview['errors'];
  missing: string[];
  data_origin: Preview['data_origin'];
}

/** Shows what templates would say, and sends it to those who want to see it in their own mailbox. */
@Injectable()
export class Previews {
  private readonly tariff: SmsTariff;

  constructor(
    private readonly choice: WordsChoice,
    private readonly samples: Samples,
    private readonly brands: BrandStore,
    private readonly builtIns: BuiltInTemplates,
    private readonly isolated: IsolatedTemplates,
    private readonly deliveries: DeliveryPublisher,
    @Inject(CONFIG) { SMS_PRICE_PER_SEGMENT: prices, SMS_CURRENCY: currency }: Config,
  ) {
    this.tariff = { prices, currency };
  }

  /** @throws Problem 404 naming what is not there */
  async preview(request: Request): Promise<Preview> {
    const { chosen, words, errors, missing, data_origin } = await this.fill(request);
    const { key, owner, stage, template } = chosen;
    const { required = [], optional = [] } = template?.compiled ?? {};
    const rendered = words && shownWordsOf(key.channel, words as never, this.tariff, '');
    return {
      key: nameOf(key),
      channel: key.channel,
      owner,
      stage,
      rendered,
      errors,
      notes: rendered?.sms ? smsNotes(rendered.sms.text) : [],
      variables: { required, optional, missing },
      data_origin,
    };
  }

  /** @throws Problem 404, or 422 with everything that is wrong */
  async sendTest({
    to,
    id,
    ...request
  }: RequestOf<typeof sendTemplateTest>): Promise<ResponseOf<typeof sendTemplateTest>> {
    const { chosen, routed, words, errors } = await this.fill({ ...request, recipient: to.recipient }, id);
    if (!words) throw Problem.unprocessable('cannot_render', 'The template cannot be filled in', errors);
    const { channel } = chosen.key;
    if (!isAvailable(channel)) {
      throw Problem.unprocessable('channel_unavailable', 'Nothing is sent on this channel yet', [
        { path: 'key', message: `there is no sender for ${channel}` },
      ]);
    }
    const { notification_id } = routed;
    const delivery_id = deliveryId(notification_id, channel, to.address);
    const addressed = { ...routed, deliveries: [{ delivery_id, channel, address: to.address }] };
    const tests = deliveriesOf(addressed, chosen.template!, channel, words).map(asTest);
    await this.deliveries.publish(request.tenant, tests, []);
    return { notification_id, delivery_id };
  }

  private async fill(request: Request, id?: string): Promise<Filled> {
    await this.builtIns.published();
    const chosen = await this.choice.of(request);
    const { tenant } = request;
    const sample = request.data ? null : await this.samples.of(tenant, chosen.key.type);
    const data_origin: Filled['data_origin'] = sample?.origin ?? 'given';
    const routed = routedOf(chosen, request, request.data ?? sample!.data, id);
    const unfilled = { chosen, routed, words: null, missing: [], data_origin };
    if (!chosen.template) return { ...unfilled, errors: chosen.errors };
    try {
      const brand = await this.brands.of(tenant);
      const words = await this.isolated.words(tenant, routed, chosen.template, brand, new Date());
      return { ...unfilled, words, errors: [] };
    } catch (error) {
      if (!(error instanceof RenderFailure)) throw error;
      const errors = previewErrors(error, chosen.template.compiled.parts, chosen.source);
      return { ...unfilled, errors, missing: error.missing ?? [] };
    }
  }
}

/** A notification that nobody gets. */
function routedOf(
  { key }: ChosenWords,
  { recipient = {} }: Request,
  data: Record<string, unknown>,
  id: string = freshId(),
): NotificationRouted {
  const { type, locale } = key;
  return {
    notification_id: id,
    event: { id, type, source: '/carillon/preview' },
    type,
    category: 'system',
    priority: 'high',
    lane: 'urgent',
    recipient: { ...reader, locale, ...recipient },
    deliveries: [],
    data,
    created_at: new Date().toISOString(),
  };
}
