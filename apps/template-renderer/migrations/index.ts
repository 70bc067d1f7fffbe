import { CreateTemplates0001 } from './0001-create-templates.ts';
import { WordsOfCatalogs0002 } from './0002-words-of-catalogs.ts';

export const migrations = [CreateTemplates0001, WordsOfCatalogs0002];
