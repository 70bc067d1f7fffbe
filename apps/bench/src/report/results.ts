import type { DigestResult } from '../digest/digest.ts';
import type { HostileResult } from '../hostile/hostile.ts';
import type { AtSize } from '../inbox-size/inbox-size.ts';
import type { Latency } from '../run/latency.ts';
import type { Side } from '../run/side.ts';
import type { TimersResult } from '../timers/timers.ts';
import type { Throughput } from '../run/throughput.ts';

/** One measurement of one side in one round. */
export type Round = { round: number; side: Side['name'] } & (
  | ({ scenario: 'in-app' | 'email' | 'email-sender' | 'fan-out'; events: number } & Throughput)
  | ({ scenario: 'latency' } & Latency)
);

/** Everything a run found; what `--json` writes. */
export interface Results {
  at: string;
  machine: { cores: number; node: string; postgresql: string; rabbitmq: string };
  rounds: Round[];
  inboxSize?: AtSize[];
  hostile?: HostileResult;
  timers?: TimersResult;
  digests?: DigestResult;
}
