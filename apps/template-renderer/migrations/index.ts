import { CreateTemplates0001 } from './0001-create-templates.ts';

export const migrations = [CreateTemplates0001];
