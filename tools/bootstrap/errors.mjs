/** An error whose message is meant for the person at the terminal: it says what is wrong and how to cure it. */
export class StartError extends Error {
  /** @param {string} message may have several lines */
  constructor(message) {
    super(message);
    this.name = 'StartError';
  }
}
