/** What the form of a test event means. Pure, so that it can be tested without a browser. */

/**
 * @typedef {{ path: string, message: string }} FieldError
 * @typedef {{ type: string, recipients: string, data: string, channels: string[], title: string, message: string }} Filled
 */

/**
 * The body of `POST /v1/events`. Only what cannot be expressed is refused here; the rest is the gateway's to judge.
 * @param {Filled} filled
 * @returns {{ body: Record<string, unknown> } | { errors: FieldError[] }}
 */
export function eventOf({ type, recipients, data, channels, title, message }) {
  /** @type {Record<string, unknown>} */
  const body = { recipients: recipients.split(/[\s,;]+/).filter(Boolean) };
  if (type.trim()) body.type = type.trim();
  if (channels.length > 0) body.channels = channels;
  if (title.trim() || message.trim()) body.content = { title: title.trim(), message: message.trim() };
  if (data.trim()) {
    try {
      body.data = JSON.parse(data);
    } catch (error) {
      return { errors: [{ path: 'data', message: `is not valid JSON: ${/** @type {Error} */ (error).message}` }] };
    }
  }
  return { body };
}

/**
 * Sorts the gateway's errors by the field of the form that they are about; what belongs to none is `other`.
 * @param {FieldError[]} errors
 * @returns {Record<'type' | 'recipients' | 'data' | 'channels' | 'title' | 'message' | 'other', string[]>}
 */
export function byField(errors) {
  /** @type {ReturnType<typeof byField>} */
  const sorted = { type: [], recipients: [], data: [], channels: [], title: [], message: [], other: [] };
  for (const { path, message } of errors) {
    const [first = '', second = ''] = path.split(/[.[]/);
    const name = first === 'content' ? second : first;
    const field = /** @type {keyof typeof sorted} */ (Object.hasOwn(sorted, name) ? name : 'other');
    // The field stands beside its own message; only a place within it needs naming.
    const whole = field !== 'other' && path.split('.').at(-1) === field;
    sorted[field].push(whole ? message : `${path} ${message}`);
  }
  return sorted;
}
