import type { DigestResult } from './digest.ts';

/** How fast events are put aside for digests, and how fast digests that are due at once are sent. */
export function digestTable({ ordinary, waiting, due }: DigestResult): string {
  return [
    `ordinary emails: ${ordinary.perSecond.toFixed(0)}/s (${ordinary.emails}, each with its in-app notification)`,
    `put aside for digests: ${waiting.perSecond.toFixed(0)} events/s (${waiting.items}, likewise)`,
    `${due.digests} digests due at once: closed after ${due.closedAfter.toFixed(1)} s, the first email sent after ${due.firstSentAfter.toFixed(1)} s, the last after ${due.lastSentAfter.toFixed(1)} s: ${due.perSecond.toFixed(0)}/s, which is ${(due.perSecond / ordinary.perSecond).toFixed(2)} of the pace of ordinary emails`,
  ].join('\n\n');
}
