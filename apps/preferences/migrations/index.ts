import { CreatePreferences0001 } from './0001-create-preferences.ts';
import { FanOutsAndPartitions0007 } from './0007-fan-outs-and-partitions.ts';

export const migrations = [CreatePreferences0001, FanOutsAndPartitions0007];
