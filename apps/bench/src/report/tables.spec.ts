import { describe, expect, it } from '@jest/globals';
import type { Results, Round } from './results.ts';
import { cpuTable, disturbed, ratios, resultTable } from './tables.ts';

function inApp(round: number, side: Round['side'], perSecond: number, others = 0): Round {
  const cpu = { [`${side} inbox`]: side === 'floor' ? 10 : 40, PostgreSQL: 100, others: 900, bench: 5 };
  return { round, side, scenario: 'in-app', events: 1000, seconds: 1, perSecond, publishSeconds: 1, cpu, others };
}

const results: Results = {
  at: '2026-11-21T09:30:00Z',
  machine: { cores: 2, node: 'v24', postgresql: '15', rabbitmq: '3.10' },
  rounds: [
    inApp(1, 'floor', 4000),
    inApp(1, 'Carillon', 3000),
    inApp(2, 'Carillon', 1000, 0.4),
    inApp(2, 'floor', 2000),
    inApp(3, 'floor', 5000),
    inApp(3, 'Carillon', 3500),
    { round: 1, side: 'floor', scenario: 'latency', p50: 5, p99: 20, max: 30 },
    { round: 1, side: 'Carillon', scenario: 'latency', p50: 10, p99: 25, max: 31 },
  ],
};

describe('the report', () => {
  it('compares within each round, so that a disturbed round disturbs both sides', () => {
    const [throughput] = ratios(results);
    expect(throughput).toEqual({ title: 'in-app, events/s', median: 0.7, least: 0.5, most: 0.75, throughput: true });
  });

  it('turns ratios of what should be small around: half as fast is always 0.5', () => {
    expect(ratios(results).find(({ title }) => title.includes('p50'))).toMatchObject({
      median: 0.5,
      throughput: false,
    });
  });

  it('counts the CPU of both sides and their servers, but not of others or of the bench itself', () => {
    const cpu = ratios(results).find(({ title }) => title === 'in-app, CPU ms/event');
    expect(cpu?.median).toBeCloseTo(110 / 140);
  });

  it('shows medians with their spread, and leaves out what was not measured', () => {
    const table = resultTable(results);
    expect(table).toMatch(/in-app, events\/s +4,000 \(2,000–5,000\) +3,000 \(1,000–3,500\) +0\.70 \(0\.50–0\.75\)/);
    expect(table).toMatch(/p99 ms +20\.0 +25\.0 +0\.80/);
    expect(table).not.toMatch(/email/);
  });

  it('puts both sides’ process of a stage on one line', () => {
    expect(cpuTable(results)).toMatch(/^inbox +10 +40$/m);
  });

  it('says how many measurements shared the machine', () => {
    expect(disturbed(results)).toBe(1);
  });

  it('compares a fan-out with the floor and, on lines of their own, with the bare loop', () => {
    const fanOut = (side: Round['side'], perSecond: number, ms: number): Round => ({
      ...{ round: 1, side, scenario: 'fan-out', events: 1000, seconds: 1, perSecond, publishSeconds: 0 },
      cpu: { [side]: ms },
    });
    const given = {
      ...results,
      rounds: [fanOut('floor', 4000, 200), fanOut('loop', 8000, 100), fanOut('Carillon', 2000, 400)],
    };

    expect(ratios(given)).toMatchObject([
      { title: 'fan-out, recipients/s', median: 0.5, throughput: true },
      { title: 'fan-out, CPU ms/recipient', median: 0.5, throughput: false },
      { title: 'fan-out, recipients/s beside a bare loop', median: 0.25, throughput: true },
      { title: 'fan-out, CPU ms/recipient beside a bare loop', median: 0.25, throughput: false },
    ]);
    expect(resultTable(given)).toMatch(/fan-out, recipients\/s beside a bare loop +8,000 +2,000 +0\.25/);
  });

  it('works for the floor alone', () => {
    const floor = { ...results, rounds: results.rounds.filter(({ side }) => side === 'floor') };
    expect(ratios(floor)).toEqual([]);
    expect(resultTable(floor)).toMatch(/in-app, events\/s +4,000/);
  });
});
