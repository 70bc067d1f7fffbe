/**
 * The floor's tables: the rows that the same guarantees need, without anything that only a product needs.
 * Primary keys start with (tenant, recipient) where Carillon's do.
 */
export const floorSchema = `
  CREATE SCHEMA floor;

  CREATE TABLE floor.recipients (
    tenant text, id text,
    name text, locale text NOT NULL, time_zone text NOT NULL,
    muted text[] NOT NULL DEFAULT '{}',
    PRIMARY KEY (tenant, id)
  );
  CREATE TABLE floor.contacts (
    tenant text, recipient text, channel text, address text,
    PRIMARY KEY (tenant, recipient, channel, address)
  );

  CREATE TABLE floor.events (
    tenant text, source text, event_id text,
    id uuid NOT NULL, type text NOT NULL, data jsonb NOT NULL, recorded_at timestamptz NOT NULL,
    PRIMARY KEY (tenant, source, event_id)
  );
  CREATE TABLE floor.notifications (
    tenant text, recipient text, id uuid,
    event uuid NOT NULL, type text NOT NULL, category text NOT NULL, priority text NOT NULL,
    decision jsonb NOT NULL, created_at timestamptz NOT NULL,
    PRIMARY KEY (tenant, recipient, id)
  );

  CREATE TABLE floor.fan_outs (
    tenant text, event uuid,
    type text NOT NULL, data jsonb NOT NULL, recorded_at timestamptz NOT NULL,
    -- The last recipient who was notified.
    cursor text NOT NULL DEFAULT '', finished boolean NOT NULL DEFAULT false,
    PRIMARY KEY (tenant, event)
  );

  CREATE TABLE floor.inbox (
    tenant text, recipient text, id uuid,
    type text NOT NULL, category text NOT NULL, priority text NOT NULL,
    title text NOT NULL, message text NOT NULL, link text, metadata jsonb NOT NULL,
    created_at timestamptz NOT NULL, read_at timestamptz,
    PRIMARY KEY (tenant, recipient, id)
  );

  CREATE TABLE floor.deliveries (
    tenant text, id uuid,
    notification uuid NOT NULL, recipient text NOT NULL, address text NOT NULL,
    -- A retry hours later needs the words.
    content jsonb NOT NULL,
    state text NOT NULL, provider_message_id text, error text,
    created_at timestamptz NOT NULL, updated_at timestamptz NOT NULL,
    PRIMARY KEY (tenant, id)
  );
  CREATE TABLE floor.attempts (
    tenant text, delivery uuid, number int,
    provider text NOT NULL, outcome text, started_at timestamptz NOT NULL, ended_at timestamptz,
    PRIMARY KEY (tenant, delivery, number)
  );
`;
