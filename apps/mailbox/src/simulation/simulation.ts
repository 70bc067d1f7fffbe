import {
  SIMULATED_ADDRESSES,
  SIMULATED_NUMBERS,
  type SimulatedAddress,
  type SimulatedNumber,
} from './simulated-recipients.ts';

/** Tries are remembered for this many recipients; tagged addresses could otherwise grow the memory without end. */
const MAX_REMEMBERED = 10_000;

/** Recognises simulated recipients and counts the tries of those that fail a number of times. */
export class Simulation {
  readonly #addresses = new Map(SIMULATED_ADDRESSES.map((address) => [address.localPart, address]));
  readonly #numbers = new Map(SIMULATED_NUMBERS.map((number) => [number.number, number]));
  readonly #tries = new Map<string, number>();

  /** @param email any address; `fails-twice+lesson-7@school.example` is recognised and counts its own tries */
  address(email: string): SimulatedAddress | undefined {
    const localPart = email.slice(0, email.lastIndexOf('@')).toLowerCase();
    return this.#addresses.get(localPart.split('+', 1)[0] ?? localPart);
  }

  number(phone: string): SimulatedNumber | undefined {
    return this.#numbers.get(phone);
  }

  /**
   * Counts a try and says whether it fails. After the last failing try one is let through and the count begins anew,
   * so that the next message to the same recipient shows the same.
   * @param recipient the row of the table
   * @param key what tells one series of tries from another: the full address, or number and text
   */
  refuses(recipient: SimulatedAddress | SimulatedNumber, key: string): boolean {
    if (recipient.failures === undefined) return true;
    const tries = (this.#tries.get(key) ?? 0) + 1;
    this.#tries.delete(key);
    if (tries > recipient.failures) return false;
    this.#tries.set(key, tries);
    if (this.#tries.size > MAX_REMEMBERED) {
      const [oldest] = this.#tries.keys();
      if (oldest !== undefined) this.#tries.delete(oldest);
    }
    return true;
  }

  /** Forgets all tries. */
  reset(): void {
    this.#tries.clear();
  }
}
