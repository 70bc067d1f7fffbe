/** What the sink process is asked over IPC. */
export type SinkQuestion = 'count' | 'reset';

/** What it says: its port once, then its counts per question. */
export type SinkAnswer = { port: number } | SinkCounts;

export interface SinkCounts {
  accepted: number;
  /** By Message-ID: fewer than accepted means that something was sent twice. */
  distinct: number;
}
