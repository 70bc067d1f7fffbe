import type { Scratch } from '../run/scratch.ts';

/** The compiled template-renderer next to this application; its test data are those that its own tests stop one by one. */
const corpus = new URL(
  import.meta.url.endsWith('.ts')
    ? '../../../template-renderer/dist/src/testing/hostile.js'
    : '../../../../template-renderer/dist/src/testing/hostile.js',
  import.meta.url,
);

/** A published template and the data that it is filled with. */
export interface Written {
  type: string;
  data: Record<string, unknown>;
}

/** Text of an in-app notification, as a tenant writes it: values, conditions, formats and a short list. */
const good = {
  title: '{{ course.title }} on {{ starts_at | date }}',
  message:
    '{% if recipient.name %}{{ recipient.name }}, your{% else %}Your{% endif %} bill is {{ amount | money: "KES" }}: ' +
    '{% for line in lines %}{{ line.name | capitalize }} {{ line.price | money: "KES" }}{% unless forloop.last %}, {% endunless %}{% endfor %}.',
};
const data = {
  course: { title: 'Piano' },
  starts_at: '2026-12-01T09:30:00Z',
  amount: 12_500,
  lines: Array.from({ length: 8 }, (_, n) => ({ name: `line ${n}`, price: 100 * n })),
};

/** Gives a tenant ten good templates. */
export function writeGood(scratch: Scratch, tenant: string): Promise<Written[]> {
  const templates = Array.from({ length: 10 }, (_, n) => ({ type: `good_${n}`, parts: good, data }));
  return write(scratch, tenant, templates);
}

/**
 * Gives a tenant fifty hostile templates.
 *
 * @param round others than in any other round
 */
export async function writeHostile(scratch: Scratch, tenant: string, round: number): Promise<Written[]> {
  const { hostileTemplates } = (await import(corpus.href)) as {
    hostileTemplates: { source: string; data?: Record<string, unknown> }[];
  };
  const templates = Array.from({ length: 50 }, (_, n) => {
    const { source, data: harm = {} } = hostileTemplates[n % hostileTemplates.length]!;
    return { type: `hostile_${round}_${n}`, parts: { title: `Number ${n}`, message: source }, data: harm };
  });
  return write(scratch, tenant, templates);
}

async function write(
  { db }: Scratch,
  tenant: string,
  templates: (Written & { parts: Record<string, string> })[],
): Promise<Written[]> {
  const rows = templates.map(({ type, parts }) => ({ type, compiled: { parts, required: [], optional: [] } }));
  await db.query(
    `INSERT INTO template_renderer.templates (tenant, type, channel, locale, version, source, source_hash, compiled)
     SELECT $1, type, 'in_app', 'en', 1, '{}', '', compiled FROM json_to_recordset($2) AS t(type text, compiled jsonb)`,
    [tenant, JSON.stringify(rows)],
  );
  return templates.map(({ type, data }) => ({ type, data }));
}
