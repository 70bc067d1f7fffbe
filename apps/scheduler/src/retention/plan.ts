import { retentionKinds, type RetentionKind, type RetentionPlan, type RetentionService } from '@carillon/contracts';

/** A tenant's own choice. */
export interface ChosenDays {
  tenant: string;
  kind: string;
  days: number;
}

type Facts = { services: readonly RetentionService[]; days: number; what: string; fixed?: boolean };
const facts: Readonly<Record<RetentionKind, Facts>> = retentionKinds;
const kinds = Object.keys(facts) as RetentionKind[];

/** Every kind with what holds where no tenant has chosen. @param installation the installation's own days */
export function defaultsOf(installation: Partial<Record<RetentionKind, number>>) {
  return kinds.map((kind) => {
    const { what, days, fixed = false } = facts[kind];
    return { kind, what, fixed, default_days: installation[kind] ?? days };
  });
}

/** For how long a service keeps what. */
export function planFor(
  service: RetentionService,
  installation: Partial<Record<RetentionKind, number>>,
  chosen: readonly ChosenDays[],
): RetentionPlan {
  const plan: RetentionPlan = {};
  for (const { kind, fixed, default_days } of defaultsOf(installation)) {
    if (!facts[kind].services.includes(service)) continue;
    const own = fixed ? [] : chosen.filter((one) => one.kind === kind);
    plan[kind] = {
      days: default_days,
      by_tenant: Object.fromEntries(own.map(({ tenant, days }) => [tenant, days])),
    };
  }
  return plan;
}
