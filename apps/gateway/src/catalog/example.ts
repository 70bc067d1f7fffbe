import { parse } from 'yaml';
import type { CatalogDocument, CatalogType } from '@carillon/contracts';

/** A document as people write it. */
export const exampleText = `types:
  lesson_scheduled:
    category: activity
    channels: [in_app, email]
    on: lesson.scheduled
    to: 'data.students | map: "guardian_id"'
    templates:
      en:
        in_app:
          title: '{{ course }} on {{ starts_at | date }}'
          message: 'With {{ teacher }}.'
`;

export const exampleDocument = parse(exampleText) as CatalogDocument & { types: Record<string, CatalogType> };
