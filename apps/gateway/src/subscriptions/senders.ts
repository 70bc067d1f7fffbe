import { getBrand } from '@carillon/contracts';
import { Messages } from '@carillon/messaging';
import { Injectable, Logger } from '@nestjs/common';
import { LRUCache } from 'lru-cache';

/** How long a name is remembered, in milliseconds, and how long it is not asked for after it could not be had. */
const lifetime = { known: 60_000, unknown: 10_000 };

/** What tenants call themselves. Pages work without it, so nobody waits long for it. */
@Injectable()
export class Senders {
  private readonly logger = new Logger(Senders.name);
  private readonly names = new LRUCache<string, { name: string | null }>({ max: 10_000, ttl: lifetime.known });

  constructor(private readonly messages: Messages) {}

  /** Null where it is not known right now. */
  async nameOf(tenant: string): Promise<string | null> {
    const known = this.names.get(tenant);
    if (known) return known.name;
    try {
      const { brand } = await this.messages.call(getBrand, { tenant }, { timeoutMs: 1_000 });
      this.names.set(tenant, { name: brand.name });
      return brand.name;
    } catch (error) {
      this.logger.warn({ msg: 'the brand is not known', tenant, error: (error as Error).name });
      this.names.set(tenant, { name: null }, { ttl: lifetime.unknown });
      return null;
    }
  }
}
