import { describe, expect, it } from '@jest/globals';
import { formatLogLine, isNoise } from './log-lines.mjs';
import { painter } from './terminal.mjs';

const format = (line: string | object, coloured = false) =>
  formatLogLine(typeof line === 'string' ? line : JSON.stringify(line), {
    label: 'inbox',
    style: 'cyan',
    paint: painter(coloured),
  });
const time = new Date(2026, 10, 21, 9, 5, 7).toISOString();

describe('a log line', () => {
  it('shows time, label, level, message and the few fields', () => {
    const line = { level: 'info', time, service: 'inbox', msg: 'ready', port: 3003 };
    expect(format(line)).toBe('09:05:07 inbox INFO  ready  port=3003');
  });

  it("understands pino's level numbers and milliseconds", () => {
    expect(format({ level: 50, time: Date.parse(time), pid: 1, hostname: 'h', msg: 'broken' })).toBe(
      '09:05:07 inbox ERROR broken',
    );
  });

  it('passes on what is not JSON', () => {
    expect(format('The mailbox shows email')).toMatch(/^\d\d:\d\d:\d\d inbox The mailbox shows email$/);
    expect(format('{not json')).toMatch(/inbox \{not json$/);
  });

  it('shows the trace only where something is wrong', () => {
    expect(format({ level: 'info', time, msg: 'sent', trace_id: 'abc', context: 'Sender' })).not.toContain('abc');
    expect(format({ level: 'warn', time, msg: 'late', trace_id: 'abc' })).toContain('trace_id=abc');
  });

  it('puts the stack of an error below it, labelled', () => {
    const text = format({
      level: 'error',
      time,
      msg: 'failed',
      err: { type: 'Error', message: 'no', stack: 'Error: no\n    at send' },
    });
    expect(text.split('\n')).toEqual([
      '09:05:07 inbox ERROR failed',
      '         inbox Error: no',
      '         inbox     at send',
    ]);
  });

  it('labels every line of a long message', () => {
    const text = format({ level: 'fatal', time, msg: 'The environment is not valid:\n  PORT must be a number' });
    expect(text.split('\n')).toEqual([
      '09:05:07 inbox FATAL The environment is not valid:',
      '         inbox   PORT must be a number',
    ]);
  });

  it('cannot move the cursor or recolour the terminal', () => {
    const text = format({ level: 'info', time, msg: 'hello \u001b[2Jworld', field: '\u0007\u009b31m' });
    expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
  });

  it('shortens long values and quotes those with spaces', () => {
    const text = format({ level: 'info', time, msg: 'm', long: 'x'.repeat(500), reason: 'two words', list: [1, 2] });
    expect(text.length).toBeLessThan(220);
    expect(text).toContain('reason="two words"');
    expect(text).toContain('list=[1,2]');
  });

  it('colours the label and the level', () => {
    const text = format({ level: 'warn', time, msg: 'm' }, true);
    expect(text).toContain('\u001b[36minbox\u001b[39m');
    expect(text).toContain('\u001b[33mWARN \u001b[39m');
  });
});

describe("a service's start", () => {
  it("is not told by Nest's lines, except where something goes wrong", () => {
    expect(isNoise({ level: 'info', context: 'RouterExplorer' }, { starting: false })).toBe(true);
    expect(isNoise({ level: 'error', context: 'RouterExplorer' }, { starting: true })).toBe(false);
    expect(isNoise({ level: 'info', context: 'Sender' }, { starting: true })).toBe(false);
  });

  it('hides that a service or the broker is not ready yet, and only then', () => {
    expect(isNoise({ level: 'warn', context: 'health' }, { starting: true })).toBe(true);
    expect(isNoise({ level: 'warn', context: 'amqp inbox publishes' }, { starting: true })).toBe(true);
    expect(isNoise({ level: 'warn', context: 'health' }, { starting: false })).toBe(false);
  });
});
