import { CreateDeliveries0001 } from '@carillon/delivery';

/** In order; a migration that has been released never changes. */
export const migrations = [CreateDeliveries0001];
