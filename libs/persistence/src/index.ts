export { databaseOf, requestsDatabaseUrl, requestsRoleOf, roleOf, schemaOf, serviceDatabaseUrl } from './names.ts';
export {
  asRequestOf,
  beginRequest,
  outsideRequests,
  RequestOver,
  requestIsOf,
  requestUnderWay,
} from './tenancy/request-scope.ts';
export { migrateService, RolesMissing, type MigrateOptions, type MigrationClass } from './migrate.ts';
export { dataSourceOptions, type PersistenceOptions } from './data-source.ts';
export { isDatabaseAway } from './availability.ts';
export { insertRows, type InsertOptions, type SqlRunner } from './insert-rows.ts';
export { prepared } from './prepared.ts';
export { batched, type BatchOptions } from './batched.ts';
export { outlast } from './outlast.ts';
export { erasedRecipientsTable, erasing, erasureItems, erasuresAmong, notErased, type Erasure } from './erasing.ts';
export { cancelledEventsTable, rememberCancelled, wasCancelled } from './cancelling.ts';
export { deleteInPortions } from './delete-in-portions.ts';
export {
  firstIdAtFunction,
  keepPartitions,
  keepPartitionsFunctions,
  namedBy,
  partitionByWeek,
  unpartition,
} from './partitions.ts';
