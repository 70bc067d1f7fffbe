import type { TemplateDiff } from '@carillon/contracts';
import { diffLines } from 'diff';

type FieldDifference = TemplateDiff['fields'][number];

/** Milliseconds for one field; two long texts with nothing in common are shown as one that went and one that came. */
const patience = 200;

/** What differs between two sources, field by field and in these line by line; fields that are the same are left out. */
export function fieldDifferences(before: object, after: object): FieldDifference[] {
  const [old, now] = [fieldsOf(before), fieldsOf(after)];
  const names = [...new Set([...old.keys(), ...now.keys()])];
  return names.flatMap((field): FieldDifference[] => {
    const [from, to] = [old.get(field), now.get(field)];
    if (from === to) return [];
    const change = from === undefined ? 'added' : to === undefined ? 'removed' : 'changed';
    return [{ field, change, lines: linesBetween(from ?? '', to ?? '') }];
  });
}

/** `subject`, `actions[0].label`, `greeting`, …, each as text. */
function fieldsOf(source: object): Map<string, string> {
  const fields = new Map<string, string>();
  const collect = (name: string, value: unknown): void => {
    if (Array.isArray(value)) value.forEach((item, index) => collect(`${name}[${index}]`, item));
    else if (typeof value === 'object' && value !== null) {
      for (const [field, item] of Object.entries(value)) collect(name ? `${name}.${field}` : field, item);
    } else if (value !== undefined) fields.set(name, String(value));
  };
  collect('', source);
  return fields;
}

function linesBetween(from: string, to: string): FieldDifference['lines'] {
  // The last line has no end of its own, which is no difference.
  const [before, after] = [from, to].map((text) => (text === '' ? '' : `${text.replace(/\n$/, '')}\n`)) as [
    string,
    string,
  ];
  const changes = diffLines(before, after, { timeout: patience }) ?? [
    { value: before, removed: true, added: false },
    { value: after, removed: false, added: true },
  ];
  return changes.flatMap(({ value, added, removed }) => {
    const change = added ? 'added' : removed ? 'removed' : 'same';
    return value === ''
      ? []
      : value
          .replace(/\n$/, '')
          .split('\n')
          .map((text) => ({ change, text }) as const);
  });
}
