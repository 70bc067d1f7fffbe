import type { RetentionKind } from '@carillon/contracts';
import type { ModuleRef } from '@nestjs/core';

/** Rows that are removed when their days are over. All of its members but `kind` and `days` are SQL, the service's own words. */
export interface RetentionRows {
  readonly kind: RetentionKind;
  readonly table: string;
  /** Column with the time from which a row's days count. */
  readonly since?: string;
  /** Instead, the id of a table in partitions by week, which begins with that time: whole weeks are dropped. */
  readonly id?: string;
  /** Which of the rows are meant, besides their age; alone where it is not the age that counts. */
  readonly where?: string;
  /** Its own days instead of those of its kind: what no tenant has a say in. */
  readonly days?: number;
  /** It belongs to what another part counts. */
  readonly uncounted?: true;
}

/** Something that has to be done before rows can go. Nothing is counted of it. */
export interface RetentionTask {
  readonly kind: RetentionKind;
  readonly task: (modules: ModuleRef) => Promise<void>;
}

/** What a service removes, in this order. */
export type RetentionPart = RetentionRows | RetentionTask;
