import type { AuditEntry } from './audit-entry.ts';

const columns = [
  'seq',
  'id',
  'at',
  'ended_at',
  'outcome',
  'status',
  'code',
  'actor_kind',
  'actor_id',
  'actor_name',
  'actor_role',
  'action',
  'target',
  'ip',
  'request_id',
  'input',
  'before',
  'after',
];

/** The first line. RFC 4180. */
export const csvHead = `${columns.join(',')}\r\n`;

/** A line of CSV (RFC 4180); what a spreadsheet would take for a formula is told as text. */
export function csvLine(entry: AuditEntry): string {
  const { actor, ...rest } = entry;
  const cells: Record<string, unknown> = {
    ...rest,
    ...Object.fromEntries(Object.entries(actor).map(([name, value]) => [`actor_${name}`, value])),
  };
  return `${columns.map((column) => cell(cells[column])).join(',')}\r\n`;
}

function cell(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (typeof value === 'number') return String(value);
  const text = value instanceof Date ? value.toISOString() : typeof value === 'string' ? value : JSON.stringify(value);
  const harmless = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}
