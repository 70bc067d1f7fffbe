import { readFileSync } from 'node:fs';
import { findPackageJSON } from 'node:module';
import { dirname, join } from 'node:path';
import { parse } from 'yaml';
import type { NotificationType } from './notification-type.ts';
import { adHocKey, parseCatalog, type Foundation, type ParsedCatalog } from './parse-catalog.ts';

/** `catalog/` beside `src/`, also when the code runs compiled from `dist/`. */
const file = join(dirname(findPackageJSON(import.meta.url)!), 'catalog', 'system.yaml');

/** The system catalog. Read when the service starts, so that a mistake in it stops the start. */
export const builtIn: ParsedCatalog = parseCatalog(
  parse(readFileSync(file, 'utf8')),
  { types: new Set(), categories: new Set() },
  { origin: 'system' },
);

export const builtInTypes: readonly NotificationType[] = builtIn.types;

/** What every tenant's document stands on. */
export const foundation: Foundation = {
  types: new Set(builtInTypes.map(({ key }) => key)),
  categories: new Set(Object.keys(builtIn.document.categories ?? {})),
};

/** Events that bring their own content and name no type. */
export const adHocType: NotificationType = {
  key: adHocKey,
  category: 'system',
  priority: 'normal',
  channels: ['in_app'],
  mandatory: false,
  on: [],
  origin: 'system',
  reminders: [],
  template: adHocKey,
};
