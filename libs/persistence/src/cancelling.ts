/**
 * Events that were cancelled, in every service that something of them can still reach. The id of the event's record rides on every
 * item, and whoever would send it asks here in the very statement that would record it.
 */

/** For a migration: which events were cancelled, and nothing else of them. */
export const cancelledEventsTable = `
  CREATE TABLE cancelled_events (
    tenant       text        NOT NULL,
    event_id     uuid        NOT NULL,
    cancelled_at timestamptz NOT NULL,
    -- Items that came afterwards and were turned away.
    refused      integer     NOT NULL DEFAULT 0,
    PRIMARY KEY (tenant, event_id)
  )`;

/** SQL: that the event of a row was cancelled. @param row alias of rows with `tenant` and `event_id` */
export const wasCancelled = (row: string): string =>
  `EXISTS (SELECT FROM cancelled_events c WHERE c.tenant = ${row}.tenant AND c.event_id = ${row}.event_id)`;

/** Writes down that an event was cancelled; repeating it changes nothing. Parameters: tenant, event id, time. */
export const rememberCancelled = `
  INSERT INTO cancelled_events (tenant, event_id, cancelled_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`;
