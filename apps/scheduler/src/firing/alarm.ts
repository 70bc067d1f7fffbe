/** One wake-up at a time: the earliest that was asked for. Whoever is woken asks for the next one. */
export class Alarm {
  private timer?: NodeJS.Timeout;
  private at = Infinity;

  constructor(private readonly ring: () => void) {}

  /** @param ms milliseconds from now; a past time rings at once */
  in(ms: number): void {
    const at = performance.now() + Math.max(0, ms);
    if (at >= this.at) return;
    clearTimeout(this.timer);
    this.at = at;
    this.timer = setTimeout(
      () => {
        this.at = Infinity;
        this.ring();
      },
      Math.ceil(Math.max(0, ms)),
    );
  }

  /** Forgets the wake-up that was asked for. */
  stop(): void {
    clearTimeout(this.timer);
    this.at = Infinity;
  }
}
