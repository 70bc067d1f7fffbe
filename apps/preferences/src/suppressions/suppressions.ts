import { Injectable } from '@nestjs/common';
import {
  Problem,
  type ContactChannel,
  type Suppression,
  type SuppressionFilter,
  type SuppressionReason,
} from '@carillon/contracts';
import { Messages } from '@carillon/messaging';
import { batched, type SqlRunner } from '@carillon/persistence';
import { DataSource } from 'typeorm';
import { canonicalAddress } from '../recipients/canonical-address.ts';
import { containing } from '../recipients/recipient-store.ts';
import { applyRequests, type SuppressionRequest } from './requests.ts';
import { standingOf, tell } from './telling.ts';

export interface AddressKey {
  tenant: string;
  channel: ContactChannel;
  /** Canonical */
  address: string;
}

export interface NewSuppression extends AddressKey {
  reason: SuppressionReason;
  note?: string | null;
  /** The name of an API key or of a service. */
  created_by: string;
}

/** Addresses that nothing is sent to. Whoever has one as a contact carries the mark there, where the decision reads it. */
@Injectable()
export class Suppressions {
  /**
   * Suppresses an address, now and for whoever gets it as a contact later. Repeated, the last reason and note stand.
   * Calls made side by side share their statements. Resolves when the channel's sender is told too.
   */
  readonly suppress = batched<NewSuppression, { created: boolean; suppression: Suppression }>((all) =>
    this.suppressMany(all),
  );

  /**
   * Does what a bounce, a complaint or a person has asked for, once, however often it is told. A person who opts in again lifts what a
   * person has asked for, never what a bounce or an admin has.
   */
  readonly heed = batched<SuppressionRequest, void>(async (requests) => {
    const known = requests.flatMap((request) => {
      const canonical = canonicalAddress(request.channel, request.address);
      // What is no address is nobody's contact: a short code, the name of a sender.
      return 'address' in canonical ? [{ ...request, address: canonical.address }] : [];
    });
    const standings = await this.db.transaction(async (db) => {
      await lock(
        db,
        known.map(({ tenant }) => tenant),
      );
      const changed = await applyRequests(db, known);
      await mark(db, changed);
      return standingOf(db, known);
    });
    await tell(this.messages, standings);
    return requests.map(() => undefined);
  });

  constructor(
    private readonly db: DataSource,
    private readonly messages: Messages,
  ) {}

  /** The same as {@link suppress} for an address as people write it. @throws Problem 422 `invalid_suppression` */
  async add({ channel, address: given, ...suppression }: NewSuppression) {
    const canonical = canonicalAddress(channel, given);
    if ('address' in canonical) return this.suppress({ channel, address: canonical.address, ...suppression });
    throw Problem.unprocessable('invalid_suppression', 'The suppression is not valid', [
      { path: 'address', message: canonical.message },
    ]);
  }

  /** The address may be sent to again. @throws Problem 404 */
  async remove(tenant: string, channel: ContactChannel, given: string): Promise<Suppression> {
    const canonical = canonicalAddress(channel, given);
    const address = 'address' in canonical ? canonical.address : given;
    const lifted = await this.db.transaction(async (db) => {
      await lock(db, [tenant]);
      const [[row]] = await db.query(
        `DELETE FROM suppressions WHERE tenant = $1 AND channel = $2 AND address = $3 RETURNING ${shown}`,
        [tenant, channel, address],
      );
      if (!row) throw new Problem({ status: 404, code: 'not_found', title: 'suppression not found' });
      await mark(db, [{ tenant, channel, address }]);
      return {
        suppression: suppressionOf(row as SuppressionRow),
        standings: await standingOf(db, [{ tenant, channel, address }]),
      };
    });
    await tell(this.messages, lifted.standings);
    return lifted.suppression;
  }

  /** Why nothing is sent to an address; undefined where it may be sent to. @param address canonical */
  async reasonFor(tenant: string, channel: ContactChannel, address: string): Promise<SuppressionReason | undefined> {
    const [row]: { reason: SuppressionReason }[] = await this.db.query(
      'SELECT reason FROM suppressions WHERE tenant = $1 AND channel = $2 AND address = $3',
      [tenant, channel, address],
    );
    return row?.reason;
  }

  /** A page of them by channel and address. @param after the `next` of the page before */
  async list(
    tenant: string,
    { channel, q }: SuppressionFilter,
    limit: number,
    after: string | null,
  ): Promise<{ data: Suppression[]; next: string | null }> {
    const [afterChannel, afterAddress] = after === null ? ['', ''] : parted(after);
    const rows: SuppressionRow[] = await this.db.query(
      `SELECT ${shown} FROM suppressions
       WHERE tenant = $1 AND (channel, address) > ($2, $3) AND ($4::text IS NULL OR channel = $4)
         AND ($5::text IS NULL OR address ILIKE $5)
       ORDER BY channel, address LIMIT $6`,
      [tenant, afterChannel, afterAddress, channel ?? null, q === undefined ? null : containing(q), limit + 1],
    );
    const data = rows.slice(0, limit).map(suppressionOf);
    const last = data.at(-1);
    return { data, next: rows.length > limit ? `${last!.channel} ${last!.address}` : null };
  }

  private async suppressMany(all: readonly NewSuppression[]) {
    const keyOf = ({ tenant, channel, address }: AddressKey) => `${tenant}\n${channel}\n${address}`;
    // The last word on an address stands; one statement must not meet its own row.
    const distinct = [...new Map(all.map((suppression) => [keyOf(suppression), suppression])).values()];
    const { rows, standings } = await this.db.transaction(async (db) => {
      await lock(
        db,
        distinct.map(({ tenant }) => tenant),
      );
      const saved: (SuppressionRow & { tenant: string; created: boolean })[] = await db.query(
        `INSERT INTO suppressions (tenant, channel, address, reason, note, created_by)
         SELECT tenant, channel, address, reason, note, created_by FROM json_populate_recordset(null::suppressions, $1)
         ON CONFLICT (tenant, channel, address) DO UPDATE SET reason = excluded.reason, note = excluded.note
         RETURNING tenant, ${shown}, xmax = 0 AS created`,
        [JSON.stringify(distinct)],
      );
      await mark(db, distinct);
      return { rows: saved, standings: await standingOf(db, distinct) };
    });
    await tell(this.messages, standings);
    const saved = new Map(
      rows.map(({ created, ...row }) => [keyOf(row), { created, suppression: suppressionOf(row) }] as const),
    );
    return all.map((suppression) => saved.get(keyOf(suppression))!);
  }
}

/**
 * Keeps everybody else from saving recipients of the tenants until the transaction ends; for what they save afterwards see
 * `mark_suppressed` in the migration that made it. Always in the same order, so that two never wait for each other.
 */
async function lock(db: SqlRunner, tenants: readonly string[]): Promise<void> {
  for (const tenant of [...new Set(tenants)].sort())
    await db.query('SELECT pg_advisory_xact_lock(suppression_lock($1))', [tenant]);
}

/** Marks, or unmarks, the contacts of all recipients who have one of the addresses. */
async function mark(db: SqlRunner, addresses: readonly AddressKey[]): Promise<void> {
  await db.query(
    `UPDATE recipients SET contacts = mark_suppressed(tenant, contacts)
     WHERE tenant = ANY($1) AND contacts @> ANY($2::jsonb[])`,
    [
      addresses.map(({ tenant }) => tenant),
      addresses.map(({ channel, address }) => JSON.stringify([{ channel, address }])),
    ],
  );
}

type SuppressionRow = Omit<Suppression, 'created_at'> & { tenant: string; created_at: Date };

const shown = 'channel, address, reason, note, created_at, created_by';

function suppressionOf({ channel, address, reason, note, created_at, created_by }: SuppressionRow): Suppression {
  return { channel, address, reason, note, created_at: created_at.toISOString(), created_by };
}

/** `email a@example.org` as its two parts. */
function parted(text: string): [string, string] {
  const space = text.indexOf(' ');
  return [text.slice(0, space), text.slice(space + 1)];
}
