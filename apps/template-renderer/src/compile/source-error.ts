/** A source cannot become a template; the message names the part and the cure. */
export class SourceError extends Error {
  override readonly name = 'SourceError';
}
