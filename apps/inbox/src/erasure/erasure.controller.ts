import { defaultTenant, recipientErased, type CloudEvent, type RecipientErased } from '@carillon/contracts';
import { erasing, erasureItems, type Erasure } from '@carillon/persistence';
import { Controller } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import { DataSource } from 'typeorm';

/** Empties the inbox of somebody who was erased, for good. */
@Controller()
export class ErasureController {
  private readonly forget: (erasure: Erasure) => Promise<void>;

  constructor(database: DataSource) {
    this.forget = erasing(database, async (db, erasures) => {
      await db.query(
        `DELETE FROM notifications n USING ${erasureItems}
          WHERE n.tenant = erasure.tenant AND n.recipient = erasure.recipient AND n.created_at <= erasure.erased_at`,
        [JSON.stringify(erasures)],
      );
    });
  }

  @EventPattern<string>(recipientErased.type)
  onErased(@Payload() { tenant = defaultTenant, data }: CloudEvent<RecipientErased>): Promise<void> {
    return this.forget({ tenant, ...data });
  }
}
