import { CreateTemplates0001 } from './0001-create-templates.ts';
import { WordsOfCatalogs0002 } from './0002-words-of-catalogs.ts';
import { DraftsAndStatesOfTemplates0003 } from './0003-drafts-and-states-of-templates.ts';
import { BrandsAndFragments0004 } from './0004-brands-and-fragments.ts';
import { Experiments0005 } from './0005-experiments.ts';
import { SampleData0006 } from './0006-sample-data.ts';

export const migrations = [
  CreateTemplates0001,
  WordsOfCatalogs0002,
  DraftsAndStatesOfTemplates0003,
  BrandsAndFragments0004,
  Experiments0005,
  SampleData0006,
];
