import {
  getSubscription,
  Problem,
  setContactSubscription,
  setSubscription,
  type Preferences,
  type Subscription,
} from '@carillon/contracts';
import type { RequestOf, ResponseOf } from '@carillon/messaging';
import { Controller } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import type { Catalog } from '../catalog/catalog.ts';
import { Catalogs } from '../catalog/catalogs.ts';
import { unknownCategory } from '../choices/check-preferences.ts';
import { canonicalAddress } from '../recipients/canonical-address.ts';
import { RecipientStore } from '../recipients/recipient-store.ts';
import { subscriptionOf, withSubscription } from './subscription.ts';

/** What recipients end and resume without signing in: by the link in an email, or by answering STOP. */
@Controller()
export class SubscriptionsController {
  constructor(
    private readonly recipients: RecipientStore,
    private readonly catalogs: Catalogs,
  ) {}

  @MessagePattern(getSubscription.name)
  async get(@Payload() request: RequestOf<typeof getSubscription>): Promise<ResponseOf<typeof getSubscription>> {
    const { tenant, recipient } = request;
    return this.shown(request, await this.recipients.preferences(tenant, recipient));
  }

  @MessagePattern(setSubscription.name)
  async set(@Payload() request: RequestOf<typeof setSubscription>): Promise<ResponseOf<typeof setSubscription>> {
    const { tenant, recipient, channel, scope, on } = request;
    const category = scope === 'all' ? null : request.category;
    const change = { channel, category, on, categoryOf: categoriesOf(await this.catalogs.of(tenant)) };
    const after = await this.recipients.changePreferences(tenant, recipient, (before) =>
      withSubscription(before, change),
    );
    return this.shown(request, after);
  }

  @MessagePattern(setContactSubscription.name)
  async setByContact(
    @Payload() { tenant, channel, address: given, category, on }: RequestOf<typeof setContactSubscription>,
  ): Promise<ResponseOf<typeof setContactSubscription>> {
    const catalog = await this.catalogs.of(tenant);
    if (category !== undefined && !catalog.categories.has(category)) {
      throw Problem.unprocessable('unknown_category', 'Unknown category', [
        { path: 'category', message: unknownCategory(catalog) },
      ]);
    }
    const canonical = canonicalAddress(channel, given);
    const found = 'address' in canonical ? await this.recipients.withContact(tenant, channel, canonical.address) : [];
    const change = { channel, category: category ?? null, on, categoryOf: categoriesOf(catalog) };
    for (const { id } of found)
      await this.recipients.changePreferences(tenant, id, (before) => withSubscription(before, change));
    return { recipients: found.length, locale: found[0]?.locale ?? null };
  }

  private async shown(
    { tenant, recipient, channel, category }: RequestOf<typeof getSubscription>,
    preferences: Preferences,
  ): Promise<Subscription> {
    const [catalog, known] = await Promise.all([
      this.catalogs.of(tenant),
      this.recipients.find({ tenant, id: recipient }),
    ]);
    if (!known) throw Problem.notFound('recipient', recipient);
    return {
      channel,
      category: { key: category, name: catalog.nameOf(category) },
      ...subscriptionOf(preferences, catalog.defaults, channel, category),
      locale: known.locale,
    };
  }
}

function categoriesOf({ types }: Catalog): (type: string) => string | undefined {
  return (type) => types.get(type)?.category;
}
