import { Controller } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import { defaultTenant, recipientErased, type CloudEvent, type RecipientErased } from '@carillon/contracts';
import { erasing, erasureItems, namedBy, type Erasure, type SqlRunner } from '@carillon/persistence';
import { DataSource } from 'typeorm';

/** Deletes the deliveries of somebody who was erased, with their attempts and receipts; those still to be sent are not sent any more. */
@Controller()
export class ErasureController {
  private readonly forget: (erasure: Erasure) => Promise<void>;

  constructor(db: DataSource) {
    this.forget = erasing(db, deleteDeliveries);
  }

  @EventPattern<string>(recipientErased.type)
  onErased(@Payload() { tenant = defaultTenant, data }: CloudEvent<RecipientErased>): Promise<void> {
    return this.forget({ tenant, ...data });
  }
}

async function deleteDeliveries(db: SqlRunner, erasures: readonly Erasure[]): Promise<void> {
  const [deleted]: [{ tenant: string; id: string }[], number] = await db.query(
    `DELETE FROM deliveries d USING ${erasureItems}
     WHERE d.tenant = erasure.tenant AND d.recipient = erasure.recipient AND d.created_at <= erasure.erased_at
     RETURNING d.tenant, d.id`,
    [JSON.stringify(erasures)],
  );
  // Statements of their own: an attempt that began while the first one waited for its row is seen only now.
  for (const table of ['attempts', 'receipts'])
    await db.query(
      `WITH gone AS (SELECT * FROM json_to_recordset($1) AS gone(tenant text, id uuid))
       DELETE FROM ${table} a USING gone WHERE ${namedBy('a.delivery_id', 'gone.id')}`,
      [JSON.stringify(deleted)],
    );
}
