import type { SuppressionAsked } from '@carillon/contracts';
import { insertRows, type SqlRunner } from '@carillon/persistence';

/** What was asked about an address, and by which event. */
export interface SuppressionRequest extends SuppressionAsked {
  readonly tenant: string;
  readonly id: string;
}

const keyOf = ({ tenant, channel, address }: SuppressionRequest): string => `${tenant}\n${channel}\n${address}`;

/**
 * Records requests and does what is new among them, in the transaction that holds the locks of their tenants.
 * @param requests with canonical addresses
 * @returns those that were new
 */
export async function applyRequests(
  db: SqlRunner,
  requests: readonly SuppressionRequest[],
): Promise<readonly SuppressionRequest[]> {
  const recorded = await insertRows<{ tenant: string; id: string }>(
    db,
    'suppression_requests',
    requests.map(({ by, ...request }) => ({ ...request, asked_by: by })),
    { onConflict: 'DO NOTHING', returning: 'tenant, id' },
  );
  const isNew = new Set(recorded.map(({ tenant, id }) => `${tenant} ${id}`));
  const fresh = requests.filter(({ tenant, id }) => isNew.has(`${tenant} ${id}`));
  // A person's last word counts; what others report is a matter of its own.
  const wishes = latest(fresh.filter(({ reason }) => reason === 'unsubscribed'));
  const reports = latest(fresh.filter(({ reason, suppress }) => suppress && reason !== 'unsubscribed'));
  await suppress(db, reports);
  await suppress(
    db,
    wishes.filter((wish) => wish.suppress),
  );
  await lift(
    db,
    wishes.filter((wish) => !wish.suppress),
  );
  return fresh;
}

/** The last request for each address. */
function latest(requests: readonly SuppressionRequest[]): SuppressionRequest[] {
  const inOrder = requests.toSorted((one, other) => Date.parse(one.at) - Date.parse(other.at));
  return [...new Map(inOrder.map((request) => [keyOf(request), request])).values()];
}

async function suppress(db: SqlRunner, requests: readonly SuppressionRequest[]): Promise<void> {
  if (requests.length === 0) return;
  await db.query(
    `INSERT INTO suppressions (tenant, channel, address, reason, note, created_at, created_by)
     SELECT tenant, channel, address, reason, note, at, by
     FROM json_to_recordset($1) AS item(tenant text, channel text, address text, reason text, note text, at timestamptz, by text)
     -- Of what a person has said, an older word that is heard later counts no more.
     WHERE reason <> 'unsubscribed' OR NOT EXISTS (
       SELECT FROM suppression_requests r
       WHERE r.tenant = item.tenant AND r.channel = item.channel AND r.address = item.address
         AND r.reason = 'unsubscribed' AND r.at > item.at)
     ON CONFLICT (tenant, channel, address) DO UPDATE SET reason = excluded.reason, note = excluded.note
     -- A wish, which the person can take back, does not replace what somebody else has reported.
     WHERE excluded.reason <> 'unsubscribed' OR suppressions.reason = 'unsubscribed'`,
    [JSON.stringify(requests)],
  );
}

async function lift(db: SqlRunner, requests: readonly SuppressionRequest[]): Promise<void> {
  if (requests.length === 0) return;
  await db.query(
    `DELETE FROM suppressions s
     USING json_to_recordset($1) AS item(tenant text, channel text, address text, at timestamptz)
     WHERE s.tenant = item.tenant AND s.channel = item.channel AND s.address = item.address
       AND s.reason = 'unsubscribed' AND s.created_at <= item.at`,
    [JSON.stringify(requests)],
  );
}
