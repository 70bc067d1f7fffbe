import { CreatePreferences0001 } from './0001-create-preferences.ts';
import { CatalogVersions0002 } from './0002-catalog-versions.ts';
import { SourceBindings0003 } from './0003-source-bindings.ts';
import { CreateSuppressions0004 } from './0004-create-suppressions.ts';
import { Throttles0005 } from './0005-throttles.ts';
import { ErasedRecipients0006 } from './0006-erased-recipients.ts';
import { FanOutsAndPartitions0007 } from './0007-fan-outs-and-partitions.ts';
import { SuppressionRequestsAndPartitions0009 } from './0009-suppression-requests-and-partitions.ts';
import { ZoneChanges0010 } from './0010-zone-changes.ts';
import { DigestChanges0011 } from './0011-digest-changes.ts';
import { SharedTables0020 } from './0020-shared-tables.ts';
import { CancelledEvents0014 } from './0014-cancelled-events.ts';

export const migrations = [
  CreatePreferences0001,
  CatalogVersions0002,
  SourceBindings0003,
  CreateSuppressions0004,
  Throttles0005,
  ErasedRecipients0006,
  FanOutsAndPartitions0007,
  SuppressionRequestsAndPartitions0009,
  ZoneChanges0010,
  DigestChanges0011,
  SharedTables0020,
  CancelledEvents0014,
];
