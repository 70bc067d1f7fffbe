import type { DataSourceOptions, EntitySchema } from 'typeorm';
import { requestsDatabaseUrl, schemaOf } from './names.ts';
import { walledDriver } from './tenancy/walled-pool.ts';

export interface PersistenceOptions {
  /** The service's own role: {@link serviceDatabaseUrl}. */
  url: string;
  service: string;
  // TypeORM itself types entity classes as Function.
  entities?: (Function | EntitySchema)[];
  /** Connections at most. Batching makes few enough: the whole suite must fit into PostgreSQL's default of 100. */
  poolSize?: number;
  /** Its role for requests; default {@link requestsDatabaseUrl}. */
  requestsUrl?: string;
  /** Connections of that role at most. */
  requestsPoolSize?: number;
}

/** TypeORM's settings for a service. Tables are made by migrations only, never synchronised from entities. */
export function dataSourceOptions({
  url,
  service,
  entities = [],
  poolSize = 4,
  requestsUrl = requestsDatabaseUrl(url),
  requestsPoolSize = 2,
}: PersistenceOptions): DataSourceOptions {
  return {
    type: 'postgres',
    driver: walledDriver({ url: requestsUrl, poolSize: requestsPoolSize }),
    url,
    schema: schemaOf(service),
    entities,
    synchronize: false,
    installExtensions: false,
    applicationName: `carillon ${service}`,
    // Longer than a busy event loop may hold up an answer that came in time.
    connectTimeoutMS: 10_000,
    poolSize,
    // A broken pool connection is replaced; without this listener TypeORM would print it as an unhandled error.
    poolErrorHandler: () => undefined,
    extra: { keepAlive: true, statement_timeout: 30_000, options: `-c search_path=${schemaOf(service)}` },
  };
}
