import { outsideRequests } from '@carillon/persistence';

/** One wake-up at a time: the earliest that was asked for. Whoever is woken asks for the next one, for all tenants. */
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
    const ring = (): void => {
      this.at = Infinity;
      this.ring();
    };
    this.timer = outsideRequests(() => setTimeout(ring, Math.ceil(Math.max(0, ms))));
  }

  /** Forgets the wake-up that was asked for. */
  stop(): void {
    clearTimeout(this.timer);
    this.at = Infinity;
  }
}
