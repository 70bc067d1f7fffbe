import { Controller, type Type } from '@nestjs/common';
import { EventPattern } from '@nestjs/microservices';
import { consumers, listeners } from '@carillon/contracts';

/** Takes whatever else the street brings to a service than what a test is about, and does nothing with it. */
export function ignoring(service: string, ...handled: string[]): Type {
  class Rest {}
  const brought = [...(consumers[service] ?? []), ...(listeners[service] ?? [])].map(({ type }) => type);
  for (const type of brought.filter((one) => !handled.includes(one))) {
    const method = { value: () => undefined, configurable: true, writable: true };
    Object.defineProperty(Rest.prototype, type, method);
    EventPattern<string>(type)(Rest.prototype, type, method);
  }
  Controller()(Rest);
  return Rest;
}
