import { describe, expect, it } from '@jest/globals';
import { serviceBeat, type ServiceBeat } from '@carillon/contracts';
import { Replicas, silentForMs } from './replicas.ts';

const beat = (service: string, replica: string, more: Partial<ServiceBeat> = {}): ServiceBeat => ({
  ...serviceBeat.example,
  service,
  replica,
  ...more,
});

describe('the replicas that were heard of', () => {
  const of = (replicas: Replicas, service: string, now: number) => {
    const { status, replicas: there } = replicas.services(now).find((one) => one.service === service)!;
    return [status, ...there.map(({ replica }) => replica)];
  };

  it('are there until they have been silent for three beats', () => {
    const replicas = new Replicas();
    replicas.hear(beat('inbox', 'a'), 1_000);
    replicas.hear(beat('inbox', 'b', { started_at: '2026-11-21T09:29:00.000Z' }), 2_000);
    expect(of(replicas, 'inbox', 2_000)).toEqual(['ok', 'b', 'a']);
    expect(of(replicas, 'inbox', 1_000 + silentForMs)).toEqual(['ok', 'b', 'a']);
    expect(of(replicas, 'inbox', 1_001 + silentForMs)).toEqual(['ok', 'b']);
    expect(of(replicas, 'inbox', 2_001 + silentForMs)).toEqual(['missing']);
  });

  it('tell of each queue the oldest message that one of them has in hand', () => {
    const replicas = new Replicas();
    const told = (now: number) => Object.fromEntries(replicas.oldest(now));
    const [ten, eleven] = ['2026-11-21T10:00:00.000Z', '2026-11-21T11:00:00.000Z'];
    replicas.hear(beat('inbox', 'a', { oldest: { q: eleven, r: eleven } }), 1_000);
    replicas.hear(beat('inbox', 'b', { oldest: { q: ten } }), 2_000);
    replicas.hear(beat('inbox', 'of an earlier version', { oldest: undefined }), 2_000);
    expect(told(2_000)).toEqual({ q: ten, r: eleven });
    expect(told(1_001 + silentForMs)).toEqual({ q: ten });
    replicas.hear(beat('inbox', 'b', { oldest: {} }), 1_002 + silentForMs);
    expect(told(1_002 + silentForMs)).toEqual({});
  });

  it('say with their service whether all, some or none of them are ready', () => {
    const replicas = new Replicas();
    replicas.hear(beat('inbox', 'a', { trouble: 'PostgreSQL does not answer' }), 0);
    expect(of(replicas, 'inbox', 0)).toEqual(['not_ready', 'a']);
    replicas.hear(beat('inbox', 'b'), 0);
    expect(of(replicas, 'inbox', 0)).toEqual(['degraded', 'a', 'b']);
    replicas.hear(beat('inbox', 'a'), 0);
    expect(of(replicas, 'inbox', 0)).toEqual(['ok', 'a', 'b']);
    expect(of(replicas, 'scheduler', 0)).toEqual(['missing']);
  });
});
