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
