import { Injectable } from '@nestjs/common';
import { Announcing } from './announcing.ts';
import { ErasureStore } from './erasure-store.ts';

/**
 * Erases people everywhere: here at once and in one transaction, in the other services as soon as they hear of it. The
 * tombstone that stays (tenant, id, time) keeps what is still on its way from bringing them back.
 */
@Injectable()
export class Erasures {
  constructor(
    private readonly store: ErasureStore,
    private readonly announcing: Announcing,
  ) {}

  /**
   * Erases a recipient. Once it resolves the erasure is certain, also if this process dies. Repeating it changes nothing,
   * unless the recipient was created anew meanwhile.
   * @returns when they were erased (RFC 3339); undefined for somebody who never was
   */
  async erase(tenant: string, id: string): Promise<string | undefined> {
    const erasedAt = await this.store.erase({ tenant, id });
    if (erasedAt !== undefined) this.announcing.wake();
    return erasedAt;
  }

  /**
   * Whether somebody was erased at that time or later, so that what happened then is not for them: neither for nobody nor for
   * whoever has been created under the same id since.
   * @param keys `at` is the time of the event, Unix milliseconds
   */
  areErased(keys: readonly { tenant: string; id: string; at: number }[]): Promise<boolean[]> {
    return Promise.all(
      keys.map(async ({ tenant, id, at }) => {
        const erasedAt = await this.store.erasedAt({ tenant, id });
        return erasedAt !== undefined && at <= erasedAt.getTime();
      }),
    );
  }
}
