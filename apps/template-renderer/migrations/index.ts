import { CreateTemplates0001 } from './0001-create-templates.ts';
import { WordsOfCatalogs0002 } from './0002-words-of-catalogs.ts';
import { BrandsAndFragments0004 } from './0004-brands-and-fragments.ts';
import { SampleData0006 } from './0006-sample-data.ts';

export const migrations = [CreateTemplates0001, WordsOfCatalogs0002, BrandsAndFragments0004, SampleData0006];
