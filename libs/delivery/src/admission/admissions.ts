import type { Lane, SentChannel } from '@carillon/contracts';
import { capInWords, claimsOf, type CapClaim } from '../caps/cap-claims.ts';
import type { CapStore } from '../caps/cap-store.ts';
import type { ProviderGate } from '../provider/provider-gate.ts';
import { routeOf } from '../provider/route.ts';
import type { ProviderDirectory } from '../providers/provider-directory.ts';
import { putAsideTotal } from '../sending/metrics.ts';
import type { Suspension } from './suspension.ts';

/** A delivery that wants to be sent. */
export interface Applicant {
  readonly tenant: string;
  readonly id: string;
  readonly recipient: string;
  readonly destination: string;
  readonly lane: Lane;
  readonly ageSeconds: number;
  /** Attempts so far: one that was attempted before has been counted against the caps. */
  readonly attempts: number;
}

/** What came of it. */
export type Decision<Content = unknown> =
  /** It may be sent now, through this provider; the caller has passed its gate. */
  | { readonly kind: 'go'; readonly gate: ProviderGate<Content>; readonly counted: readonly CapClaim[] }
  /** Not now. */
  | { readonly kind: 'wait'; readonly inSeconds: number; readonly reason: string }
  /** Not until somebody changes the settings. */
  | { readonly kind: 'refused'; readonly reason: string };

/** How long a message waits in memory for its provider before it is put aside in the database. */
export const patienceMs = 5_000;
/** What is over a cap is looked at again by then, for the cap may have been raised. */
const longestCapPauseSeconds = 900;

/** Decides whether, when and through which provider a delivery is sent. */
export class Admissions<Content = unknown> {
  constructor(
    private readonly directory: ProviderDirectory<Content>,
    private readonly caps: CapStore,
    private readonly suspension: Pick<Suspension, 'isOn' | 'wait'>,
    private readonly channel: SentChannel,
  ) {}

  /** @throws Abandoned when this replica stops before it is decided */
  async admit(applicant: Applicant): Promise<Decision<Content>> {
    const { tenant, attempts, ageSeconds } = applicant;
    if (this.suspension.isOn(tenant)) {
      putAsideTotal.inc({ channel: this.channel, why: 'suspended' });
      return { kind: 'wait', ...this.suspension.wait() };
    }
    const { gates, caps } = await this.directory.of(tenant);
    const claims = attempts === 0 ? claimsOf(caps, applicant) : [];
    if (claims.length > 0) {
      const never = claims.find(({ scope, most }) => scope === 'country_day' && most === 0);
      if (never) return { kind: 'refused', reason: capInWords(never) };
      const refusal = await this.caps.reserve({ tenant, claims });
      if (refusal) {
        putAsideTotal.inc({ channel: this.channel, why: 'cap' });
        const inSeconds = Math.min(refusal.untilSeconds, longestCapPauseSeconds);
        return { kind: 'wait', inSeconds: inSeconds * (1 + Math.random() / 10), reason: capInWords(refusal.claim) };
      }
    }
    let decision: Decision<Content> | undefined;
    try {
      decision = await this.route(applicant, gates, claims, ageSeconds);
      return decision;
    } finally {
      if (decision?.kind !== 'go') await this.giveBack(tenant, claims);
    }
  }

  /** Another provider for a delivery that those tried could not send; undefined: there is none at present. */
  async another(applicant: Applicant, tried: ReadonlySet<string>): Promise<ProviderGate<Content> | undefined> {
    if (this.suspension.isOn(applicant.tenant)) return undefined;
    const { gates } = await this.directory.of(applicant.tenant);
    for (const gate of routeOf(gates, applicant.id)) {
      if (tried.has(gate.name)) continue;
      if ((await gate.pass(applicant.lane, patienceMs)).kind === 'passed') return gate;
    }
    return undefined;
  }

  /** A delivery that was admitted is not sent after all: it was known already, or is gone. */
  async cancel({ tenant }: Applicant, { gate, counted }: Decision<Content> & { kind: 'go' }): Promise<void> {
    gate.leave();
    await this.giveBack(tenant, counted);
  }

  private async giveBack(tenant: string, claims: readonly CapClaim[]): Promise<void> {
    if (claims.length > 0) await this.caps.refund({ tenant, claims });
  }

  private async route(
    { id, lane }: Applicant,
    gates: readonly ProviderGate<Content>[],
    counted: readonly CapClaim[],
    ageSeconds: number,
  ): Promise<Decision<Content>> {
    let soonest: { gate: ProviderGate<Content>; untilMs: number; reason: string } | undefined;
    const broken: string[] = [];
    for (const gate of routeOf(gates, id)) {
      const passage = await gate.pass(lane, patienceMs);
      switch (passage.kind) {
        case 'passed':
          return { kind: 'go', gate, counted };
        case 'busy':
          // Others are for when this one fails, not for when there is much to do: they may cost more.
          putAsideTotal.inc({ channel: this.channel, why: 'busy' });
          return { kind: 'wait', inSeconds: gate.putAside(ageSeconds), reason: passage.reason };
        case 'shut':
          if (!soonest || passage.untilMs < soonest.untilMs) soonest = { gate, ...passage };
          break;
        case 'broken':
          broken.push(passage.reason);
      }
    }
    if (soonest) {
      putAsideTotal.inc({ channel: this.channel, why: 'shut' });
      return { kind: 'wait', inSeconds: soonest.gate.putAside(ageSeconds), reason: soonest.reason };
    }
    const none = `no ${this.channel} provider is configured: PUT /v1/admin/providers/${this.channel}/{name}, or the installation’s settings`;
    return { kind: 'refused', reason: broken.length > 0 ? broken.join('; ') : none };
  }
}
