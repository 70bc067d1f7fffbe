import { describe, expect, it } from '@jest/globals';
import { aptProgress, isDebianLike } from './debian.mjs';
import { isSupported } from './node-version.mjs';
import { listeningInodes } from './ports.mjs';
import { address, waysToTry } from './servers.mjs';
import { restartDelay } from './supervisor.mjs';

describe('looking for servers', () => {
  it('goes from what was given to what must be installed', () => {
    expect(waysToTry({})).toEqual(['environment', 'local', 'docker', 'private']);
  });

  it('can be limited to one way, and what was given still wins', () => {
    expect(waysToTry({ CARILLON_SERVERS: 'private' })).toEqual(['environment', 'private']);
  });

  it('names the ways when another is asked for', () => {
    expect(() => waysToTry({ CARILLON_SERVERS: 'podman' })).toThrow('use auto, local, docker or private');
  });

  it('shows where a server is without its credentials', () => {
    expect(address('postgres://admin:secret@db.example.com/carillon')).toBe('db.example.com:5432');
    expect(address('amqps://user:secret@broker')).toBe('broker:5671');
    expect(address('amqp://guest:guest@127.0.0.1:5673')).toBe('127.0.0.1:5673');
  });

  it.each([
    ['ID=debian\nVERSION_ID="12"', true],
    ['ID=linuxmint\nID_LIKE="ubuntu debian"', true],
    ['ID="rocky"\nID_LIKE="rhel centos fedora"', false],
    ['NAME="Not debian"\nID=alpine', false],
  ])('knows a Debian by its os-release', (text, expected) => {
    expect(isDebianLike(text)).toBe(expected);
  });
});

describe('the progress of an installation', () => {
  it('counts each package twice: unpacked and set up', () => {
    const reports: unknown[] = [];
    const follow = aptProgress((progress: unknown) => reports.push(progress));
    for (const line of [
      '0 upgraded, 2 newly installed, 0 to remove and 3 not upgraded.',
      'Get:1 http://deb.debian.org/debian bookworm/main amd64 erlang-base',
      'Unpacking erlang-base (1:25.2.3) ...',
      'Setting up erlang-base (1:25.2.3) ...',
    ]) {
      follow(line);
    }
    expect(reports).toEqual([0, 1, 2].map((done) => ({ done, total: 4 })));
  });
});

describe('what runs already', () => {
  it('is found by the port it listens on', () => {
    const tables = [
      '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode',
      '   0: 0100007F:0BB8 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4711 1',
      '   1: 0100007F:0BB8 0100007F:D431 01 00000000:00000000 00:00000000 00000000     0        0 4712 1',
      '   2: 00000000:1F59 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4713 1',
    ].join('\n');
    expect([...listeningInodes(tables, 3000)]).toEqual(['4711']);
    expect([...listeningInodes(tables, 8025)]).toEqual(['4713']);
    expect([...listeningInodes(tables, 3001)]).toEqual([]);
  });
});

describe('a service that dies', () => {
  it('is started again soon, then ever later, at most after half a minute', () => {
    expect([0, 1, 2, 5, 6, 60].map(restartDelay)).toEqual([500, 1_000, 2_000, 16_000, 30_000, 30_000]);
  });
});

describe('the bootstrap', () => {
  it.each([
    ['20.19.0', true],
    ['20.18.9', false],
    ['18.20.0', false],
    ['22.0.0', true],
    ['24.1.0', true],
  ])('runs on Node %s: %s', (version, expected) => {
    expect(isSupported(version)).toBe(expected);
  });
});
