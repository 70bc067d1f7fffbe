import type { EmailEngaged, EngagedBy } from '@carillon/contracts';

/** One open or click as it is kept with its delivery. */
export interface Happening extends Omit<EmailEngaged, 'delivery_id'> {
  /** Of its event. */
  readonly id: string;
}

/** What a delivery knows of its opens and clicks. Times are RFC 3339 in UTC. */
export interface Engaged {
  readonly engagement: readonly Happening[];
  /** The first time by a person. */
  readonly opened_at: string | null;
  readonly clicked_at: string | null;
}

/** Programs that fetch what mail brings in do it within this time of its acceptance; nobody reads so fast. */
export const tooSoonMs = 2_000;

/** So many are kept of one delivery; the first times are, whatever comes before them. */
export const keptAtMost = 50;

/** Who it was, once the time of sending is known. @param sentAt Unix milliseconds */
export function engagedBy({ by, at }: Pick<Happening, 'by' | 'at'>, sentAt: number): EngagedBy {
  return by === 'person' && Date.parse(at) - sentAt < tooSoonMs ? 'bot' : by;
}

/**
 * What a delivery knows after these. One that it knows already changes nothing, and their order does not matter to the first times.
 *
 * @param sentAt Unix milliseconds
 */
export function withHappenings(before: Engaged, happenings: readonly Happening[], sentAt: number): Engaged {
  const known = new Set(before.engagement.map(({ id }) => id));
  const engagement = [...before.engagement];
  let { opened_at, clicked_at } = before;
  for (const happening of happenings) {
    if (known.has(happening.id)) continue;
    known.add(happening.id);
    const by = engagedBy(happening, sentAt);
    if (engagement.length < keptAtMost) engagement.push({ ...happening, by });
    if (by !== 'person') continue;
    if (happening.kind === 'opened') opened_at = earlier(opened_at, happening.at);
    else clicked_at = earlier(clicked_at, happening.at);
  }
  return { engagement, opened_at, clicked_at };
}

function earlier(known: string | null, at: string): string {
  return known === null || Date.parse(at) < Date.parse(known) ? at : known;
}
