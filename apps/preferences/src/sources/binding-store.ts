import { Injectable } from '@nestjs/common';
import { insertRows } from '@carillon/persistence';
import { DataSource } from 'typeorm';
import type { Binding } from './plan-bindings.ts';

type BindingKey = Pick<Binding, 'exchange' | 'routing_key'>;

/** The record of what the intake queue is bound to. */
@Injectable()
export class BindingStore {
  constructor(private readonly db: DataSource) {}

  all(): Promise<Binding[]> {
    return this.db.query('SELECT exchange, routing_key, state, error, bound_at, checked_at FROM source_bindings');
  }

  /** Records what is about to be bound. */
  async announce(bindings: readonly (readonly [exchange: string, routingKey: string])[]): Promise<void> {
    const rows = bindings.map(([exchange, routing_key]) => ({ exchange, routing_key, state: 'pending' }));
    await insertRows(this.db, 'source_bindings', rows, { onConflict: 'DO NOTHING' });
  }

  /** Records what became of them. `bound_at` stays while they stay bound. */
  async record(bindings: readonly (BindingKey & Pick<Binding, 'state' | 'error'>)[], at: Date): Promise<void> {
    const rows = bindings.map(({ exchange, routing_key, state, error }) => ({
      exchange,
      routing_key,
      state,
      error,
      bound_at: state === 'bound' ? at : null,
      checked_at: at,
    }));
    await insertRows(this.db, 'source_bindings', rows, {
      onConflict: `(exchange, routing_key) DO UPDATE SET state = excluded.state, error = excluded.error,
        checked_at = excluded.checked_at,
        bound_at = CASE WHEN excluded.state = 'bound' THEN coalesce(source_bindings.bound_at, excluded.bound_at) END`,
    });
  }

  /** Of bindings that are no more. */
  async remove(bindings: readonly BindingKey[]): Promise<void> {
    if (bindings.length === 0) return;
    await this.db.query(
      `DELETE FROM source_bindings USING json_to_recordset($1) AS gone(exchange text, routing_key text)
       WHERE source_bindings.exchange = gone.exchange AND source_bindings.routing_key = gone.routing_key`,
      [JSON.stringify(bindings)],
    );
  }
}
