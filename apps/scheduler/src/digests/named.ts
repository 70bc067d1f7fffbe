/**
 * SQL: that a row `i` of digest_items is one that the CTE `named` names, by its tenant and an id. The ids are said twice, so that the
 * index that begins with them is used whatever the planner knows of the table.
 */
export function namedItems(id: 'window_id' | 'notification_id' | 'event_id'): string {
  return `i.tenant = named.tenant AND i.${id} = named.${id} AND i.${id} = ANY (ARRAY(SELECT ${id} FROM named))`;
}
