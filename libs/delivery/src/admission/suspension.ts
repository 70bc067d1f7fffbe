import { Injectable, Logger } from '@nestjs/common';
import { outsideRequests } from '@carillon/persistence';
import { TenantStandings } from '@carillon/service';
import { DeliveryStore } from '../store/delivery-store.ts';

/** When a delivery of a suspended tenant is looked at again, should nobody hear that the suspension has ended. */
const againAfterSeconds = 300;
/** Why a delivery waits; what has it is brought forward when its tenant is resumed. */
const reason = 'the tenant is suspended; it is sent when the tenant is resumed, unless it is too late then';

/**
 * Deliveries of a suspended tenant wait, new ones and retries alike: no attempt is made and none is used up. How tenants stand is in
 * memory, so to look costs nothing. A delivery that is too late by then expires as always.
 */
@Injectable()
export class Suspension {
  private readonly logger = new Logger(Suspension.name);

  constructor(
    private readonly standings: TenantStandings,
    private readonly store: DeliveryStore,
  ) {
    standings.onChange((tenant, standing) => {
      if (standing === 'active') void outsideRequests(() => this.resume(tenant));
    });
  }

  /** Whether nothing is sent for a tenant now. */
  isOn(tenant: string): boolean {
    return this.standings.of(tenant) === 'suspended';
  }

  /** For how long a delivery is put aside, and why. */
  wait(): { inSeconds: number; reason: string } {
    return { inSeconds: againAfterSeconds * (1 + Math.random() / 10), reason };
  }

  /** Never rejects: what is not brought forward is looked at a little later. */
  private async resume(tenant: string): Promise<void> {
    try {
      const count = await this.store.hasten(tenant, reason);
      this.logger.log({ msg: 'deliveries go on', tenant, count });
    } catch (error) {
      this.logger.warn({ msg: 'deliveries go on later', tenant, error: (error as Error).message });
    }
  }
}
