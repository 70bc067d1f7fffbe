import { CreatePreferences0001 } from './0001-create-preferences.ts';

export const migrations = [CreatePreferences0001];
