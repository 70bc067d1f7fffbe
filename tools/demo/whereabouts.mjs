/** Reads a notification's trace: is its story over, and how did it end on each channel. Pure. */

/**
 * The parts of `GET /v1/notifications/{id}/trace` that matter here.
 * @typedef {object} Trace
 * @property {{ channel: string, outcome: 'send' | 'drop', rule: string, reason: string }[]} decision
 * @property {{ read: boolean } | null} in_app
 * @property {{ channel: string, status: string, error: string | null, attempts: { number: number }[] }[]} deliveries
 */

/** States of a delivery that go on by themselves soon. */
const underWay = new Set(['queued', 'sending']);

/**
 * @param {Trace | undefined} trace
 * @returns {boolean} whether every channel that was chosen has an outcome
 */
export function isOver(trace) {
  if (!trace) return false;
  return trace.decision
    .filter(({ outcome }) => outcome === 'send')
    .every(({ channel }) => {
      if (channel === 'in_app') return trace.in_app !== null;
      const deliveries = trace.deliveries.filter((delivery) => delivery.channel === channel);
      return deliveries.length > 0 && deliveries.every(({ status }) => !underWay.has(status));
    });
}

/**
 * @param {Trace | undefined} trace
 * @param {string} channel
 * @returns {string} how it ended there, in a few words
 */
export function outcomeOn(trace, channel) {
  if (!trace) return 'not arrived';
  const decision = trace.decision.find((entry) => entry.channel === channel);
  if (!decision) return '–';
  if (decision.outcome === 'drop') return decision.rule === 'no_contact' ? 'no contact' : `off (${decision.rule})`;
  if (channel === 'in_app') return trace.in_app ? (trace.in_app.read ? 'read' : 'unread') : 'under way';
  const delivery = trace.deliveries.find((entry) => entry.channel === channel);
  if (!delivery) return 'under way';
  const reason = delivery.error ? `: ${delivery.error.replace(/\s+/g, ' ').slice(0, 60)}` : '';
  return `${delivery.status}${reason}`;
}
