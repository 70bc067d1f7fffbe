import { randomUUID } from 'node:crypto';
import { deliverySettingsChanged, Problem, type Caps, type CapsView, type SentChannel } from '@carillon/contracts';
import type { Messages } from '@carillon/messaging';
import type { ProviderDirectory } from '../providers/provider-directory.ts';
import { effectiveCaps } from './cap-claims.ts';
import type { CapStore } from './cap-store.ts';

/** Admins' work on how much their tenant may send. */
export class CapDesk {
  constructor(
    private readonly channel: SentChannel,
    private readonly installation: Caps,
    private readonly store: CapStore,
    private readonly directory: ProviderDirectory,
    private readonly messages: Messages,
  ) {}

  async get(tenant: string): Promise<CapsView> {
    const [row, used_today] = await Promise.all([this.store.read(tenant), this.store.usedToday(tenant)]);
    const own = row?.caps ?? {};
    return {
      ...{ channel: this.channel, own, effective: effectiveCaps(own, this.installation), used_today },
      ...{ updated_at: row?.updated_at.toISOString() ?? null, updated_by: row?.updated_by ?? null },
    };
  }

  /** @throws Problem 422 `invalid_caps` */
  async put(tenant: string, caps: Caps, updatedBy: string): Promise<CapsView> {
    if (this.channel !== 'sms' && caps.countries_per_day) {
      throw Problem.unprocessable('invalid_caps', 'The caps are not valid', [
        { path: 'countries_per_day', message: 'is for SMS; leave it out' },
      ]);
    }
    await this.store.write(tenant, caps, updatedBy);
    this.directory.forget(tenant);
    await this.messages.publish(deliverySettingsChanged, { channel: this.channel }, { tenant, id: randomUUID() });
    return this.get(tenant);
  }
}
