/** Words → a row in the inbox. */
import type { InApp } from './messages.ts';
import { run, runStage } from './stage.ts';

await runStage<InApp>({
  queue: 'rendered.in_app',
  prefetch: 20,
  consumers: 2,
  most: 500,
  async handle(items) {
    await run(
      'store',
      `INSERT INTO floor.inbox (tenant, recipient, id, type, category, priority, title, message, link, metadata, created_at)
       SELECT tenant, recipient, id, type, category, priority, title, message, link, metadata, created_at
         FROM json_populate_recordset(null::floor.inbox, $1) ON CONFLICT DO NOTHING`,
      JSON.stringify(items.map(({ tenant, data }) => ({ ...data, tenant, id: data.notification_id }))),
    );
    return [];
  },
});
