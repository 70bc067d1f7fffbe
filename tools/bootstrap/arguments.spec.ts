import { describe, expect, it } from '@jest/globals';
import { parseStartArguments } from './arguments.mjs';

const services = [
  { name: 'gateway', mostReplicas: 1 },
  { name: 'email-sender', mostReplicas: 20 },
  { name: 'inbox', mostReplicas: 20 },
];
const parse = (...args: string[]) => parseStartArguments(args, services);

describe('arguments of npm start', () => {
  it('are all optional', () => {
    expect(parse()).toEqual({ help: false, port: undefined, scale: new Map(), build: true });
  });

  it('take replicas per service, repeated or as a list', () => {
    const { scale } = parse('--scale', 'email-sender=3', '--scale=inbox=2,gateway=1');
    expect(Object.fromEntries(scale)).toEqual({ 'email-sender': 3, inbox: 2, gateway: 1 });
  });

  it('take 0 replicas, to leave a service out', () => {
    expect(parse('--scale', 'inbox=0').scale.get('inbox')).toBe(0);
  });

  it('name the services when one is not known', () => {
    expect(() => parse('--scale', 'mailer=2')).toThrow('no service "mailer". Use one of gateway, email-sender, inbox');
  });

  it.each([
    'email-sender',
    'email-sender=',
    'email-sender=-1',
    'email-sender=21',
    'email-sender=2.5',
    'email-sender=x',
  ])('refuse %s as a number of replicas and show a right one', (entry) => {
    expect(() => parse('--scale', entry)).toThrow('0 to 20 replicas, as in --scale email-sender=3');
  });

  it('refuse a second gateway, whose port clients know', () => {
    expect(() => parse('--scale', 'gateway=2')).toThrow('gateway runs with 0 or 1 replica');
  });

  it.each(['0', '65536', 'http', '-1', '30 00'])('refuse %j as a port', (port) => {
    expect(() => parse(`--port=${port}`)).toThrow(`--port: "${port}" is not a port; use a number from 1 to 65535.`);
  });

  it('point to the help when an option is not known', () => {
    expect(() => parse('--prot', '4000')).toThrow('npm start -- --help');
  });
});
